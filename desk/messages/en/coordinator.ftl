### What lianfang-coordinator says. Add a message here and in ../zh/coordinator.ftl, with the same id and variables.

## What failed (for Problem::doing)

doing-invite = The invite was not made
doing-ceremony = The key ceremony did not finish
doing-roster = The roster was not changed
doing-coordinator-job = The job was not started
doing-coordinator-job-step = The job did not go on as planned
doing-coordinator-init = The coordinator was not set up
doing-coordinator-serve = The coordinator did not start

## Why

coordinator-no-credentials = the service manager handed over no credential { $name }
coordinator-no-credentials-advice = add LoadCredential= to the service, or choose another way to unlock in config.toml
coordinator-secret-file = the file that opens the secrets cannot be used: { $detail }
coordinator-secret-file-advice = correct it, then run the command again
coordinator-cannot-listen = nothing can listen at { $address } ({ $detail })
coordinator-cannot-listen-advice = correct “listen” in config.toml, or stop what uses the address
coordinator-address-unknown = nobody can know at which address banks will reach the coordinator
coordinator-address-unknown-advice = set “advertise” in config.toml, or run this while “serve” runs
coordinator-nobody-waits = { $bank } has not asked to be enrolled, or is a member already
coordinator-nobody-waits-advice = let the bank run “enrol” with its invite first, then confirm again
coordinator-not-quiet = { $number } jobs or ceremonies are under way
coordinator-not-quiet-advice = wait until they are over, then run the command again
coordinator-choice = the value { $got } cannot be used for { $field }
coordinator-choice-advice = choose another; see “roster list” for members and --help for limits

## Results

coordinator-initialised = The coordinator is set up. Fingerprint of the authority, for banks to compare: { $fingerprint }
coordinator-key-file-made = The file { $path } opens all secrets. Move it to other media, kept apart from this folder and its backups, and give its new place in config.toml.
coordinator-invited = Hand this text to { $bank } alone. It is good once, until { $until }.
coordinator-fingerprint-told = The bank will be shown this fingerprint and must hear the same from you by another way: { $fingerprint }
coordinator-keys-backed-up = The keys are sealed in { $path }. Keep it apart from this machine, and what opens it apart from it.
coordinator-keys-restored = The keys are restored. Fingerprint of the authority: { $fingerprint }
coordinator-rekeyed = The new secret opens the keys as soon as config.toml has this under [unlock]: { $line }. Until then the old one does.
coordinator-root-renewed = The authority's root is renewed under the same key and fingerprint; the next start puts it into the roster.
coordinator-key-rotated = The coordinator has a new key to sign by; the next start puts it into the roster.
coordinator-serving = The coordinator listens at { $address }.
coordinator-ask-fingerprint = Which fingerprint has { $bank } read out to you?
coordinator-roster-changed = { $bank }: the roster now has version { $version }.
coordinator-audit-whole = The audit log is whole: { $entries } entries, head { $head }.
coordinator-standing-active = active
coordinator-standing-suspended = suspended
coordinator-standing-revoked = revoked
coordinator-ask-revoke = { $bank } loses its membership for good, and comes back only by a new invite under new keys. Type its id to go on:
coordinator-standing-waiting = waits to be confirmed
coordinator-job-rests = The job rests until a person restarts it: see to what stopped it, then run job retry { $job }.
coordinator-job-retried = The job is tried again now.
coordinator-column-bank = bank
coordinator-column-group = legal group
coordinator-column-standing = standing
coordinator-column-address = address
coordinator-column-fingerprint = fingerprint
coordinator-column-ceremony = ceremony
coordinator-column-class = class
coordinator-column-epoch = epoch
coordinator-column-state = state
coordinator-column-deadline = deadline
coordinator-column-job = job
coordinator-column-submitted = submitted
coordinator-column-purpose = purpose
coordinator-column-field = field
coordinator-column-value = value

## Help

help-coordinator = The regulator's coordinator: admits banks, sets jobs, watches them run
help-coordinator-init = Set up a folder for the coordinator
    .example = Example:
        lianfang-coordinator init --listen 0.0.0.0:7443 --advertise hub.example:7443 --dir /var/lib/lianfang-coordinator
    .listen = The address to listen at, host:port
    .advertise = The address that invites tell banks to dial; the listening address if left out
    .key-file = A file of at least 32 random bytes that opens the secrets; one is made if it is not there
    .passphrase-file = A file with a passphrase that opens the secrets
    .credential = A credential of the service manager that opens the secrets
help-coordinator-invite = Make an invite for a bank
    .example = Example:
        lianfang-coordinator invite alpha --dir /var/lib/lianfang-coordinator
    .bank = The bank's id: a-z, 0-9 and “-”, at most 32 characters
    .group = The legal group under which the bank counts; its own id if left out
help-coordinator-serve = Run the coordinator
    .example = Example:
        lianfang-coordinator serve --dir /var/lib/lianfang-coordinator
help-coordinator-roster = Members: list, confirm, suspend, resume, revoke; the authority's fingerprint
help-coordinator-roster-list = List members, and banks that wait to be confirmed
    .example = Example:
        lianfang-coordinator roster list --dir /var/lib/lianfang-coordinator
help-coordinator-roster-confirm = Admit a bank whose fingerprint has been compared
    .example = Example:
        lianfang-coordinator roster confirm alpha --dir /var/lib/lianfang-coordinator
    .bank = The bank's id
    .confirm = The fingerprint that the bank has read out; asked for at the terminal if left out
help-coordinator-roster-suspend = Suspend a member until further notice
    .example = Example:
        lianfang-coordinator roster suspend alpha --dir /var/lib/lianfang-coordinator
    .bank = The bank's id
help-coordinator-roster-resume = Let a suspended member take part again
    .example = Example:
        lianfang-coordinator roster resume alpha --dir /var/lib/lianfang-coordinator
    .bank = The bank's id
help-coordinator-roster-revoke = End a member's membership for good; it can come back only by a new invite under new keys
    .example = Example:
        lianfang-coordinator roster revoke alpha --dir /var/lib/lianfang-coordinator
    .bank = The bank's id
    .yes = Do not ask again
help-coordinator-roster-fingerprint = Print the authority's fingerprint, which banks compare
    .example = Example:
        lianfang-coordinator roster fingerprint --dir /var/lib/lianfang-coordinator
help-coordinator-key = The authority's and the coordinator's keys: back up, restore, let another secret open them, renew
help-coordinator-key-backup = Seal the keys into a file that opens without this machine
    .example = Example:
        lianfang-coordinator key backup /media/usb/hub.keys --passphrase-file /root/backup.pass --dir /var/lib/lianfang-coordinator
    .file = The file, which must not be there yet
    .passphrase-file = A file with the passphrase that will open it
    .recipient = A public key of age; whoever has its identity opens it
help-coordinator-key-restore = Make the keys of a folder that has none from a backup
    .example = Example:
        lianfang-coordinator key restore /media/usb/hub.keys --passphrase-file /root/backup.pass --dir /var/lib/lianfang-coordinator
    .file = The backup
    .passphrase-file = A file with the passphrase that opens it
    .identity-file = A file with the identity of age that opens it
help-coordinator-key-rekey = Let another secret open the keys; nothing is sealed anew
    .example = Example:
        lianfang-coordinator key rekey --passphrase-file /root/new.pass --dir /var/lib/lianfang-coordinator
    .key-file = A file of at least 32 random bytes
    .passphrase-file = A file with a passphrase
    .credential = A credential of the service manager
help-coordinator-key-renew-root = Make the authority's root last for ten years more, under the same key and fingerprint; while nothing serves
    .example = Example:
        lianfang-coordinator key renew-root --dir /var/lib/lianfang-coordinator
help-coordinator-key-rotate-signing = Give the coordinator another key to sign by; while nothing serves and no job runs
    .example = Example:
        lianfang-coordinator key rotate-signing --dir /var/lib/lianfang-coordinator
help-coordinator-ceremony = Key ceremonies: start, list, show
help-coordinator-ceremony-start = Propose a key ceremony to its holders
    .example = Example:
        lianfang-coordinator ceremony start --holders alpha,beta,gamma --threshold 2 --dir /var/lib/lianfang-coordinator
    .holders = The key holders, in the order of their shares
    .threshold = How many holders must evaluate together, at least 2
    .class = The class of identifiers that the key is for
    .deadline = When it is given up, as a span such as 2h or 1d
help-coordinator-ceremony-list = List all key ceremonies
    .example = Example:
        lianfang-coordinator ceremony list --dir /var/lib/lianfang-coordinator
help-coordinator-ceremony-show = Show a key ceremony and who is missing
    .example = Example:
        lianfang-coordinator ceremony show ID --dir /var/lib/lianfang-coordinator
    .id = The ceremony's id
help-coordinator-job = Jobs: start, list, show, retry
help-coordinator-job-start = Sign the terms of a job and open it
    .example = Example:
        lianfang-coordinator job start --match-threshold 2 --disclosure labels --purpose 联防联治 --basis 监管要求 --dir /var/lib/lianfang-coordinator
    .match-threshold = How many legal groups make a match, at least 2
    .disclosure = What members are told: count, institutions or labels
    .purpose = What the job is for
    .basis = The legal basis of the job
    .class = The class of identifiers
    .banks = Who takes part; all active members if left out
    .deadline = How long submissions are taken, as a span such as 30s, 2h or 7d
    .size-cap = The most rows that one bank may submit
    .chunk = Elements evaluated at once, a power of two
    .least-rows = Submissions are padded to a power of two of at least this many rows
    .kinds = Kinds of identifier that enter; all if left out
    .roles = Roles that enter; agent, agency and complainant if left out
help-coordinator-job-list = List all jobs
    .example = Example:
        lianfang-coordinator job list --dir /var/lib/lianfang-coordinator
help-coordinator-job-show = Show a job and how far its participants have come
    .example = Example:
        lianfang-coordinator job show ID --dir /var/lib/lianfang-coordinator
    .id = The job's id
help-coordinator-job-retry = Try again at once what has failed in a job
    .example = Example:
        lianfang-coordinator job retry ID --dir /var/lib/lianfang-coordinator
    .id = The job's id
help-coordinator-summary = Print the totals of a job, small ones suppressed
    .example = Example:
        lianfang-coordinator summary JOB --json --dir /var/lib/lianfang-coordinator
    .job = The job's id
help-coordinator-audit = The audit log: verify, list
help-coordinator-audit-verify = Check that nothing in the audit log was changed or left out
    .example = Example:
        lianfang-coordinator audit verify --dir /var/lib/lianfang-coordinator
help-coordinator-audit-list = Print the last entries of the audit log
    .example = Example:
        lianfang-coordinator audit list --last 20 --dir /var/lib/lianfang-coordinator
    .last = How many entries
help-coordinator-doctor = Look for what an operator has to look after
    .example = Example:
        lianfang-coordinator doctor --dir /var/lib/lianfang-coordinator
