### What lianfang-node says. Add a message here and in ../zh/node.ftl, with the same id and the same variables.

## What failed (for Problem::doing)

doing-init = The node was not set up
doing-enrol = Enrolling did not succeed
doing-serve = The node did not start
doing-import = The import did not finish
doing-job = The job did not go on
doing-report = The report was not written
doing-key = The key step did not finish
doing-key-restore = The keys were not restored
doing-certificate = The certificate was not renewed
doing-audit = The audit check did not finish

## Help

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

## What the node says

node-initialised = The node is set up and will listen at { $listen }. Its fingerprint, to be read out to the regulator: { $fingerprint }
node-key-file-made = A key file was made at { $path } in the folder; it opens all secrets, so move it to other media and name it in config.toml.
node-own-fingerprint = This node's fingerprint, to be read out to the regulator's people: { $fingerprint }
node-ask-fingerprint = The invite names the authority { $fingerprint }. Type the fingerprint that the regulator's people read out:
node-enrolled = Joined as { $bank } under roster version { $version }.
node-certificate = Certificate { $fingerprint }, until { $ends } ({ $days } days).
node-keys-backed-up = The keys are sealed in { $path }, with { $shares } key shares. Keep it apart from this machine, and what opens it apart from it.
node-keys-restored = The keys are restored. This node's fingerprint: { $fingerprint }. Key shares that the next start looks at: { $shares }.
node-rekeyed = The new secret opens the keys as soon as config.toml has this under [unlock]: { $line }. Until then the old one does.
jobs-elsewhere = another process over this store works on jobs
jobs-elsewhere-advice = one process does, for submissions lie in its folder: set “jobs = false” under [serve] in this config.toml; if the other one no longer runs, start again in two minutes
node-serving = Listening at { $address }.
node-importing = rows
node-imported = { $rows } rows read, { $records } records with { $identifiers } identifiers; { $rejected } rejects and { $warnings } warnings are in { $path }.
node-import-taken-up = Of these rows, { $rows } had been read by an import that was cut off.
node-import-spared = { $records } records whose rows could not be read are left as they were.
node-import-found = Encoding { $encoding }, delimiter “{ $delimiter }”. Nothing was changed. The first rows:
node-import-found-table = Format { $format }, sheet “{ $sheet }”. Nothing was changed. The first rows:
node-register = { $records } records with { $identifiers } distinct identifiers.
node-retracted = The record is retracted; its content and cached outputs are gone.
node-hold-set = The hold is set; the record enters no job until a person lifts it.
node-hold-lifted = The hold is lifted.
node-job-accepted = The job is accepted.
node-job-refused = The job is refused.
node-job-rests = The job rests until a person restarts it: see to what stopped it, then run job retry { $job }.
node-job-retried = The job is tried again now.
node-report-written = { $rows } rows are written to { $path }.
node-ask-key-digest = The key record's short digest here is { $digest }. Type what people at the holders read out:
node-key-compared = The key record { $digest } is compared; this node uses the key from now on.
node-admitted = { $bank } is admitted with a quota of { $quota }.
node-revoked = { $bank } is answered no longer.
node-allowed = { $bank } may have { $elements } more elements evaluated here.
certificate-ends = the node's certificate ends in { $days } days
certificate-ends-advice = have the regulator issue another one
node-bench = { $identifiers } identifiers take about { $time } on { $cores } cores, network and disk not counted. Engine: { $lanes }.
node-ceremony-joined = This node takes part in the ceremony.
node-ceremony-declined = This node takes no part in the ceremony.
node-ask-close = Share and cached outputs of epoch { $epoch } will be erased for good. Type the epoch's number to go on:
node-epoch-closed = Epoch { $epoch } is closed: { $shares } shares and { $outputs } cached outputs are erased.
node-ask-lost = All counters of epoch { $epoch } will count as full, and only allowances open them. Type the epoch's number to go on:
node-ledger-lost = The ledger of epoch { $epoch } counts as lost; charge numbers go on above { $number }. Allow each bank what it needs with “policy allow”.
node-holder-trusted = { $holder } is used again.
evidence-written = Written to { $path }.
evidence-disclosed = { $opened } elements are opened and { $withheld } withheld; written to { $path }. The file holds identifiers in clear.
evidence-lied = The evidence holds: { $holder } has signed a wrong answer to { $accuser }.
evidence-holds = The inspection of { $bank } holds: { $accounts } elements stand for records, { $fillings } filled chunks, { $withheld } could not be opened.
evidence-commitments = { $count } commitments are signed by { $bank }.
evidence-basis = This rests on the following papers; compare their digests with people at other banks: { $basis }
evidence-flaw-malformed = a field is not of its form
evidence-flaw-not-in-papers = the papers do not name this bank, holder or key
evidence-flaw-request-not-signed = a request is not signed by the bank that it names
evidence-flaw-answer-not-signed = the answer is not signed by the holder that it names
evidence-flaw-other-request = the answer is to another request
evidence-flaw-other-elements = the elements are not those that were signed for
evidence-flaw-other-holder = the accusation is about another holder's answer
evidence-flaw-unsigned = it rests on a proof that the holder has not signed
evidence-flaw-nothing-pinned = the proof on the check element does not hold, so nothing says what the answer should have been
evidence-flaw-honest = the holder answered correctly
evidence-flaw-other-root = a record does not lead to the root that the bank signed
evidence-flaw-other-identifier = an element is not the blinding of the identifier shown for it
evidence-flaw-not-committed = the holder has kept no such commitment
audit-holds = The audit log holds together: { $entries } entries, head { $head }.

## What went wrong at the node

already-initialised = the folder { $path } has secrets already
already-initialised-advice = choose another folder for --dir
secrets-damaged = the sealed secrets cannot be read ({ $detail })
secrets-damaged-advice = restore the folder from a backup
secret-file-unreadable = the secret file { $path } cannot be read
secret-file-unreadable-advice = check that it exists, belongs to this user and is readable by nobody else
secret-file-open = the secret file { $path } may be read by others (mode { $mode })
secret-file-open-advice = run “chmod go-rwx { $path }”, and replace the secret if somebody else has seen it
credentials-directory-missing = the credential { $name } was not handed over by the service manager
credentials-directory-missing-advice = start the node as a service with LoadCredential
own-certificate-unusable = the bank's own certificate in { $path } cannot be used
own-certificate-unusable-advice = give PEM files: chain with the leaf first, its PKCS#8 key, and the root
not-enrolled = this node has not joined a federation yet
not-enrolled-advice = run enrol with the invite that the regulator handed over
already-enrolled = this node has joined as { $bank } already
already-enrolled-advice = use another folder for another bank
invite-unreadable = the invite cannot be read
invite-unreadable-advice = copy the whole text, from lfi1- to its end
enrolment-not-confirmed = the regulator's people have not confirmed this node's fingerprint yet
enrolment-not-confirmed-advice = read the fingerprint out to them, then run enrol again with the same invite
address-not-available = the address { $field } cannot be listened at
address-not-available-advice = check that no other program uses the port, and that the address is this machine's
not-while-serving = this command cannot be run while “serve” runs
not-while-serving-advice = stop “serve” first
import-busy = another import is running
import-busy-advice = wait until it has ended
rejects-are-register = the rejects would be written over the register itself, { $path }
rejects-are-register-advice = name another file with --rejects
register-changed = { $path } changed while it was read, and nothing of it was imported
register-changed-advice = import it again when nobody writes to it any more
full-no-record = { $path } has no record that can be read; as all there is, it would retract { $count } records
full-no-record-advice = export it again; if the register is to be empty, import it with --full --retract-many
full-unreadable-rows = { $rows } rows of { $path } name no record that can be read; as all there is, it would retract { $count } records
full-unreadable-rows-advice = correct the rows that the rejects name; if none of those records is in them, import it with --full --retract-many
full-retracts-many = { $path } lacks { $count } of { $records } records; as all there is, it would retract them
full-retracts-many-advice = make sure that the file is complete, then import it with --full --retract-many
record-unknown = the register has no such record
record-unknown-advice = give the case number as the file has it
record-retracted = the record is retracted already
record-retracted-advice = import it again to bring it back
record-not-held = no person has set a hold on the record
record-not-held-advice = a hold that came with a file is lifted by a later file
job-forgotten = the coordinator does not know the job any more: it was put back from a backup that is older, and nobody will end the job
job-forgotten-advice = take part in the next one
job-given-up = the coordinator has given the job up, and there will be no report of it
job-given-up-advice = ask the regulator why, and take part in the next one
job-decided = the job is { $stage } already
job-decided-advice = see job show for how far it is
report-not-kept = no report of this job is kept here yet
report-not-kept-advice = wait until job show says returned or done
report-none = the job is over here ({ $stage }), and it has left no report
report-none-advice = see “job show” for why, and take part in the next one
key-digest-differs = what was typed is not the short digest { $digest } of the key record here
key-digest-differs-advice = do not use this key; ask the holders' people and the regulator why
key-backup-damaged = the backup of keys in { $path } cannot be read: { $detail }
key-backup-damaged-advice = take another copy of it
key-backup-secret = what should lock or open the backup cannot be used: { $detail }
key-backup-secret-advice = correct the file or the recipient, then run the command again
key-backup-of-another = the backup holds the keys of another kind of party: { $got }
key-backup-of-another-advice = restore it with that party's own program
file-exists = { $path } is there already
file-exists-advice = choose another name, or remove the file if it is not needed
certificate-exchanges = the key behind the certificate was exchanged { $limit } times within a day, and no more are allowed; the next may be at { $until }
certificate-exchanges-advice = run the command again then; until then the key in use stays good
certificate-is-own = the certificate comes from the bank's own files
certificate-is-own-advice = put the new key and certificate in their place; the node takes them up by itself
not-a-holder = this bank holds no share of the key
not-a-holder-advice = name a holder with --holder; key list shows them
element-unreadable = line { $line } is not an element of 64 hexadecimal digits
element-unreadable-advice = give one element a line
elements-number = { $got } elements were given, and from 1 to { $limit } can be evaluated at once
elements-number-advice = give them in parts
member-unknown = the roster has no active member { $bank }
member-unknown-advice = check the name; the regulator admits members to the roster
not-confirmed = it was not confirmed, and nothing was changed
not-confirmed-advice = run the command again, and type the number of the epoch or give --yes
epoch-in-use = the job { $job } is under way under this epoch
epoch-in-use-advice = wait until it has ended or its deadline has passed, or refuse it
ceremony-decided = a person has decided on this ceremony already
ceremony-decided-advice = key ceremonies shows what was decided; if that was wrong, ask the regulator to propose again
holder-not-in-doubt = this holder is not in doubt under this epoch
holder-not-in-doubt-advice = policy show lists the holders whose charge numbers went back
admit-refused = the policy of this node admits nobody new
admit-refused-advice = change policy.admit in config.toml and start the node again
accusation-unknown = there is no accusation { $got } that rests on a signed answer
accusation-unknown-advice = evidence list shows the numbers
evidence-unreadable = { $path } cannot be read as a file of evidence
evidence-unreadable-advice = check that it is the whole file, as “evidence” wrote it
evidence-unfounded = the evidence does not hold: { $reason }
evidence-unfounded-advice = draw nothing from it against anybody but whoever handed it over
papers-of-another-authority = the papers are signed by another authority than the one given
papers-of-another-authority-advice = do not use them; fetch papers from a bank that you know

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
node-restore-done = the backup is restored; what was there before is in { $aside }. As a holder this node takes its charges for lost: every counter is full until people allow more (policy allow)
node-restore-noted = it is noted that the store was restored: every counter that is not known to be complete is full until people allow more (policy allow)
restore-of-another-bank = the folder { $path } is another bank's: its fingerprint is { $wanted }, the backup's is { $got }
restore-of-another-bank-advice = check which backup it is, or name an empty folder with --dir; nothing was replaced
