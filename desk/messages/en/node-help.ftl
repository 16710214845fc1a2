### The help of lianfang-node's commands. Add a message here and in ../zh/node-help.ftl, with the same id and attributes.

help-node = A bank's node: keeps its register, takes part in jobs, writes its reports
help-node-init = Set up a folder for this bank's node
    .example = Example:
        lianfang-node init --listen node.bank.example:7443 --dir /var/lib/lianfang
    .listen = Where the node will listen, host:port; port 0 takes a free port for good
    .advertise = What others are told, if they reach the node at another address
    .contact = Where other banks reach this one about a case, at most 64 bytes
    .key-file = A file of at least 32 random bytes that opens all secrets; made in the folder if left out
    .passphrase-file = A file with a passphrase that opens all secrets
    .credential = The name of a credential that systemd hands over
help-node-enrol = Join with the invite that the regulator handed over
    .example = Example:
        lianfang-node enrol lfi1-… --dir /var/lib/lianfang
    .invite = The text that the regulator handed over
    .fingerprint = The authority's fingerprint, as the regulator's people read it out; asked for if left out
    .wait = Seconds to wait for the regulator to confirm
help-node-serve = Run the node
    .example = Example:
        lianfang-node serve --dir /var/lib/lianfang
help-node-import = Read a register, or update the one that is there
    .example = Example:
        lianfang-node import register.csv --dry-run --dir /var/lib/lianfang
    .file = The register: a CSV, XLSX or Parquet file
    .from = A server to ask instead: postgres://user@host/database or mysql://user@host/database
    .query = What to ask: one SELECT, or @ and the name of a file with it
    .password-file = A file with the server's password, readable by this node alone
    .timeout = How long the query may take: 90s, 30m, 2h; 30m if left out
    .source = A server that config.toml names as [source.NAME]
    .full = Retract the records that the file lacks
    .retract-many = Also if they are more than half, or the file has no readable record or rows whose record cannot be read
    .dry-run = Change nothing; show what would be read
    .map = A TOML file that names other headers: "their header" = "our column"
    .format = The file's format, instead of the one found in its content: csv, xlsx or parquet
    .sheet = The sheet of a workbook, instead of the first that has a header
    .encoding = The file's encoding, instead of the one found: utf-8, gb18030, utf-16le or utf-16be
    .rejects = Where to write what could not be read; rejects.csv beside the register if left out
help-node-register = Look at the register, or retract a record
help-node-register-list = Count what is stored
    .example = Example:
        lianfang-node register list --dir /var/lib/lianfang
help-node-register-show = Show one record, its identifiers masked
    .example = Example:
        lianfang-node register show A1 --dir /var/lib/lianfang
    .record = The case number
help-node-register-retract = Take a record out; its content and cached outputs are erased
    .example = Example:
        lianfang-node register retract A1 --dir /var/lib/lianfang
    .record = The case number
help-node-hold = Keep a record out of every job, or let it in again
    .example = Example:
        lianfang-node hold A1 --kind dispute --dir /var/lib/lianfang
    .record = The case number
    .kind = Why: hardship, dispute or victim
    .lift = Lift the hold that a person has set
help-node-job = Look at jobs, and decide on them
help-node-job-list = List all jobs
    .example = Example:
        lianfang-node job list --dir /var/lib/lianfang
help-node-job-show = Show a job: terms, stage, figures, what stopped it
    .example = Example:
        lianfang-node job show 40e707505ee6357848e335e3200245c2 --dir /var/lib/lianfang
    .job = The job's id
help-node-job-accept = Take part in a job
    .example = Example:
        lianfang-node job accept 40e707505ee6357848e335e3200245c2 --dir /var/lib/lianfang
    .job = The job's id
help-node-job-refuse = Take no part in a job
    .example = Example:
        lianfang-node job refuse 40e707505ee6357848e335e3200245c2 --dir /var/lib/lianfang
    .job = The job's id
help-node-job-retry = Try again at once what has failed in a job
    .example = Example:
        lianfang-node job retry 40e707505ee6357848e335e3200245c2 --dir /var/lib/lianfang
    .job = The job's id
help-node-report = Write a job's report into a folder
    .example = Example:
        lianfang-node report 40e707505ee6357848e335e3200245c2 --out results --dir /var/lib/lianfang
    .job = The job's id
    .out = The folder to write into; made if it is not there
help-node-audit = Look at the audit log, and verify it
help-node-audit-verify = Check that the log holds together
    .example = Example:
        lianfang-node audit verify --dir /var/lib/lianfang
help-node-audit-list = Show entries, one JSON object a line, oldest first; the newest 100 if nothing else is asked for
    .example = Example:
        lianfang-node audit list --last 20 --dir /var/lib/lianfang
    .last = How many of the newest
    .from = The first entry to show
    .limit = How many from there on
help-node-key = Look at keys, compare their records, evaluate
help-node-key-list = List the key records that this node has
    .example = Example:
        lianfang-node key list --dir /var/lib/lianfang
help-node-key-ceremonies = List key ceremonies that a person here decides on (policy.ceremony = "ask")
    .example = Example:
        lianfang-node key ceremonies --dir /var/lib/lianfang
help-node-key-join = Take part in a proposed key ceremony, as a holder
    .example = Example:
        lianfang-node key join ID --dir /var/lib/lianfang
    .ceremony = The ceremony's id
help-node-key-decline = Take no part in a proposed key ceremony
    .example = Example:
        lianfang-node key decline ID --dir /var/lib/lianfang
    .ceremony = The ceremony's id
help-node-key-compare = State that the key record's short digest is the one that people at the holders read out
    .example = Example:
        lianfang-node key compare --confirm TQ91-W37T-ET6Q-REKN-3AKM-M851-P5AX-41NN --dir /var/lib/lianfang
    .confirm = The short digest as it was read out; asked for if left out
    .epoch = The key's epoch; the newest if left out
help-node-key-evaluate = Evaluate blinded elements (hex lines on standard input) at a holder, charged as any other
    .example = Example:
        lianfang-node key evaluate --holder alpha --dir /var/lib/lianfang < elements.hex
    .holder = The holder; this bank if left out
    .epoch = The key's epoch; the newest if left out
help-node-key-close = Close an epoch that is over: this node's share and all cached outputs of it are erased for good
    .example = Example:
        lianfang-node key close --epoch 1 --dir /var/lib/lianfang
    .epoch = The epoch that is over
    .yes = Do not ask for the epoch's number again
help-node-key-lost = As a holder, declare that charges were lost, for instance in a restored backup: all counters count as full
    .example = Example:
        lianfang-node key lost --seen 48213 --dir /var/lib/lianfang
    .epoch = The key's epoch; the newest if left out
    .seen = The highest charge number that other banks have seen of this holder; numbers go on above it
    .yes = Do not ask for the epoch's number again
help-node-certificate = Look at this node's certificate, or renew it now
help-node-certificate-show = Show the certificate's key and when it ends
    .example = Example:
        lianfang-node certificate show --dir /var/lib/lianfang
help-node-certificate-renew = Have the certificate renewed now; a bank's own files are read again
    .example = Example:
        lianfang-node certificate renew --dir /var/lib/lianfang
help-node-key-backup = Seal this node's keys into a file that opens without this machine
    .example = Example:
        lianfang-node key backup /media/usb/alpha.keys --passphrase-file /etc/lianfang/backup.pass --dir /var/lib/lianfang
    .file = The file, which must not be there yet
    .passphrase-file = A file with the passphrase that will open it
    .recipient = A public key of age; whoever has its identity opens it
    .with-shares = As a holder, put the key shares in use into it
help-node-key-restore = Make the keys of a folder that has none from a backup
    .example = Example:
        lianfang-node key restore /media/usb/alpha.keys --passphrase-file /etc/lianfang/backup.pass --dir /var/lib/lianfang
    .file = The backup
    .passphrase-file = A file with the passphrase that opens it
    .identity-file = A file with the identity of age that opens it
help-node-key-rekey = Let another secret open the keys; nothing is sealed anew
    .example = Example:
        lianfang-node key rekey --passphrase-file /etc/lianfang/new.pass --dir /var/lib/lianfang
    .key-file = A file of at least 32 random bytes
    .passphrase-file = A file with a passphrase
    .credential = A credential that systemd hands over
help-node-key-rotate-tls = Exchange the key behind this node's certificate; the roster pins the new one
    .example = Example:
        lianfang-node key rotate-tls --dir /var/lib/lianfang
    .at-once = Refuse the older key at once, for somebody else may have it
help-node-key-trust = Use a holder again whose charge numbers went back
    .example = Example:
        lianfang-node key trust beta --dir /var/lib/lianfang
    .holder = The holder
    .epoch = The key's epoch; the newest if left out
help-node-evidence = Evidence for people outside this node, and what such files show
help-node-evidence-list = List what this node accuses holders of
    .example = Example:
        lianfang-node evidence list --dir /var/lib/lianfang
help-node-evidence-export = Write one accusation into a file that a third party can verify
    .example = Example:
        lianfang-node evidence export 1 --out accusation.json --dir /var/lib/lianfang
    .id = Its number in the list
    .out = The file to write
help-node-evidence-papers = Write roster and key records into a file, for whoever verifies evidence
    .example = Example:
        lianfang-node evidence papers --out papers.json --dir /var/lib/lianfang
    .out = The file to write
help-node-evidence-commitments = As a holder, write what a bank has committed itself to into a file, for an inspector
    .example = Example:
        lianfang-node evidence commitments beta --out beta.json --dir /var/lib/lianfang
    .bank = The bank
    .out = The file to write
    .epoch = The key's epoch; the newest if left out
help-node-evidence-disclose = Open commitments of this bank to an inspector; the file holds identifiers in clear
    .example = Example:
        lianfang-node evidence disclose --record A1 --out inspection.json --dir /var/lib/lianfang
    .out = The file to write; for the inspector alone
    .record = A record by its case number; may be given several times
    .element = An element: the job's id or terms digest, chunk and position, as 40e7…/3/17; may be given several times
help-node-evidence-verify = Say what a file of evidence shows; needs no node
    .example = Example:
        lianfang-node evidence verify accusation.json --papers papers.json
    .file = The file: an accusation, an inspection, or a holder's list of commitments
    .papers = Roster and key records, as “evidence papers” writes them
    .authority = The fingerprint of the key by which the authority signs rosters, if it is known
    .commitments = What a holder has kept of the bank's commitments; an inspection must fit it
help-node-policy = Look at the policy; admit members as a holder
help-node-policy-show = Show what happens without a person, and whom people have admitted
    .example = Example:
        lianfang-node policy show --dir /var/lib/lianfang
help-node-policy-admit = As a holder, answer this member up to a quota
    .example = Example:
        lianfang-node policy admit beta --quota 4000000 --dir /var/lib/lianfang
    .bank = The member
    .quota = Its quota per class and epoch over all holders together; the configuration's if left out
help-node-policy-revoke = As a holder, answer this member no longer
    .example = Example:
        lianfang-node policy revoke beta --dir /var/lib/lianfang
    .bank = The member
help-node-policy-allow = As a holder, let this member have more evaluated than its quota
    .example = Example:
        lianfang-node policy allow beta 50000 --dir /var/lib/lianfang
    .bank = The member
    .elements = How many elements more at this holder
help-node-doctor = Look for what an operator has to look after
    .example = Example:
        lianfang-node doctor --dir /var/lib/lianfang
help-node-bench = Measure this machine, and predict a job's time
    .example = Example:
        lianfang-node bench --identifiers 1000000
    .identifiers = Identifiers of the job to predict
    .key-threshold = T of the key
    .holders = M of the key
help-node-backup = Copy the store and the sealed secrets into a folder, also while the node serves
    .example = Example:
        lianfang-node backup /var/backups/lianfang-2026-11-22 --dir /var/lib/lianfang
    .to = The folder to write into, new or empty
help-node-restore = Put a backup in the place of what is there
    .example = Example:
        lianfang-node restore /var/backups/lianfang-2026-11-22 --dir /var/lib/lianfang
    .from = The folder with the backup
    .server = The store is on a PostgreSQL server and was restored there
    .complete = State that this node has answered no other bank since the backup was made: its counters stay as they are
