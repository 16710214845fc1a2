### What lianfang-coordinator says. Add a message here and in ../zh/coordinator.ftl, with the same id and variables.

## What failed (for Problem::doing)

doing-invite = The invite was not made
doing-ceremony = The key ceremony did not finish
doing-roster = The roster was not changed
doing-coordinator-job = The job was not started
doing-coordinator-job-step = The job did not go on as planned
doing-schedule = The schedule was not changed or shown
doing-coordinator-init = The coordinator was not set up
doing-coordinator-serve = The coordinator did not start

## Why

coordinator-no-credentials = the service manager handed over no credential { $name }
coordinator-no-credentials-advice = add LoadCredential= to the service, or choose another way to unlock in config.toml
coordinator-secret-file = the file that opens the secrets cannot be used: { $detail }
coordinator-secret-file-advice = correct it, then run the command again
coordinator-cannot-listen = nothing can listen at { $address } ({ $detail })
coordinator-cannot-listen-advice = correct “listen” in config.toml, or stop what uses the address
coordinator-files-elsewhere = another coordinator over this database keeps submissions and reports in another folder than { $path }
coordinator-files-elsewhere-advice = mount one folder on all their machines and name it as “files” under [store] in each config.toml; if the other one no longer runs, start again in two minutes
coordinator-address-unknown = nobody can know at which address banks will reach the coordinator
coordinator-address-unknown-advice = set “advertise” in config.toml, or run this while “serve” runs
coordinator-nobody-waits = { $bank } has not asked to be enrolled, or is a member already
coordinator-nobody-waits-advice = let the bank run “enrol” with its invite first, then confirm again
coordinator-not-quiet = { $number } jobs or ceremonies are under way
coordinator-not-quiet-advice = wait until they are over, then run the command again
coordinator-keys-older = the keys in this folder were exchanged for others that the newest roster names
coordinator-keys-older-advice = take the keys from the folder where they were exchanged, or from a later backup
coordinator-choice = the value { $got } cannot be used for { $field }
coordinator-choice-advice = choose another; see “roster list” for members and --help for limits
coordinator-epoch-choice = the value { $got } cannot be used for { $field }
coordinator-epoch-choice-advice = see “ceremony keys” for every key and where it stands
coordinator-ceremony-open = the ceremony { $ceremony } of this class is not over
coordinator-ceremony-open-advice = wait until it is, see “ceremony show { $ceremony }” for who is missing, then run the command again
coordinator-terms = no job's terms can say what { $field } says
coordinator-terms-advice = see --help for its limits
coordinator-schedule-unknown = there is no schedule { $got }
coordinator-schedule-unknown-advice = see “schedule list” for those there are
coordinator-schedule-exists = there is a schedule { $got } already
coordinator-schedule-exists-advice = choose another name, or use “schedule change”
coordinator-schedule-ends-first = the last day lies before the first ({ $field })
coordinator-schedule-ends-first-advice = give --until a day that is not before --from
coordinator-schedule-never = { $field } plans no run between --from and --until ({ $got })
coordinator-schedule-never-advice = check the dates; the last day may be over already
coordinator-schedule-too-close = { $field } plans runs less than ten minutes apart ({ $got })
coordinator-schedule-too-close-advice = plan fewer: a job needs longer than that
coordinator-schedule-none-may-wait = runs that are caught up one after the other must be allowed to wait ({ $field })
coordinator-schedule-none-may-wait-advice = use --overlap wait, or --catch-up run-last
coordinator-schedule-standing = the schedule { $schedule } is { $got }, not { $wanted }
coordinator-schedule-standing-advice = see “schedule show”; one that has ended goes on with “schedule change --until”
coordinator-schedule-running = a run of { $schedule } is not over
coordinator-schedule-running-advice = wait until it is, or add --force
coordinator-schedule-no-job = the run of { $schedule } makes no job ({ $why })
coordinator-schedule-no-job-without = the run of { $schedule } makes no job ({ $why }; left out: { $banks })
coordinator-schedule-no-job-without-advice = { coordinator-schedule-no-job-advice }
coordinator-schedule-no-job-advice = see --help under --min-change and --banks for the reason, “roster list” and “ceremony list” for what is lacking; --force overrides min-change

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
coordinator-tls-rotated = The coordinator has a new key behind its certificate ({ $key }); the next start puts it into the roster.
coordinator-serving = The coordinator listens at { $address }.
coordinator-ask-fingerprint = Which fingerprint has { $bank } read out to you?
coordinator-roster-changed = { $bank }: the roster now has version { $version }.
coordinator-audit-whole = The audit log is whole: { $entries } entries, head { $head }.
coordinator-standing-active = active
coordinator-standing-suspended = suspended
coordinator-standing-revoked = revoked
coordinator-ask-revoke = { $bank } loses its membership for good, and comes back only by a new invite under new keys. Type its id to go on:
coordinator-standing-waiting = waits to be confirmed
coordinator-schedule-next = { $schedule }: the next run is planned for { $next }.
coordinator-schedule-is-active = { $schedule } plans no further run.
coordinator-schedule-is-paused = { $schedule } is paused.
coordinator-schedule-is-ended = { $schedule } has ended.
coordinator-schedule-is-removed = { $schedule } is removed.
coordinator-column-schedule = schedule
coordinator-column-rhythm = rhythm
coordinator-column-next = next run
coordinator-column-planned = planned
coordinator-column-fate = what became of it
coordinator-column-why = why
coordinator-column-absent = not there
coordinator-column-late = late
coordinator-job-rests = The job rests until a person restarts it: see to what stopped it, then run job retry { $job }.
coordinator-job-retried = The job is tried again now.
coordinator-column-bank = bank
coordinator-column-group = legal group
coordinator-column-standing = standing
coordinator-column-address = address
coordinator-column-fingerprint = fingerprint
coordinator-column-task = task
coordinator-column-generation = generation
coordinator-column-closes = closes
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
        lianfang-coordinator key backup /media/usb/hub.keys --passphrase-file /etc/lianfang/backup.pass --dir /var/lib/lianfang-coordinator
    .file = The file, which must not be there yet
    .passphrase-file = A file with the passphrase that will open it
    .recipient = A public key of age; whoever has its identity opens it
help-coordinator-key-restore = Make the keys of a folder that has none from a backup
    .example = Example:
        lianfang-coordinator key restore /media/usb/hub.keys --passphrase-file /etc/lianfang/backup.pass --dir /var/lib/lianfang-coordinator
    .file = The backup
    .passphrase-file = A file with the passphrase that opens it
    .identity-file = A file with the identity of age that opens it
help-coordinator-key-rekey = Let another secret open the keys; nothing is sealed anew
    .example = Example:
        lianfang-coordinator key rekey --passphrase-file /etc/lianfang/new.pass --dir /var/lib/lianfang-coordinator
    .key-file = A file of at least 32 random bytes
    .passphrase-file = A file with a passphrase
    .credential = A credential of the service manager
help-coordinator-key-renew-root = Make the authority's root last for ten years more, under the same key and fingerprint; while nothing serves
    .example = Example:
        lianfang-coordinator key renew-root --dir /var/lib/lianfang-coordinator
help-coordinator-key-rotate-signing = Give the coordinator another key to sign by; while nothing serves and no job runs
    .example = Example:
        lianfang-coordinator key rotate-signing --dir /var/lib/lianfang-coordinator
help-coordinator-key-rotate-tls = Give the coordinator another key behind its certificate; while nothing serves
    .example = Example:
        lianfang-coordinator key rotate-tls --dir /var/lib/lianfang-coordinator
help-coordinator-ceremony = Key ceremonies, and the life of keys
help-coordinator-ceremony-start = Propose a key ceremony to its holders
    .example = Example:
        lianfang-coordinator ceremony start --holders alpha,beta,gamma --threshold 2 --dir /var/lib/lianfang-coordinator
    .holders = The key holders, in the order of their shares
    .threshold = How many holders must evaluate together, at least 2
    .epoch = The epoch of the new key, where nodes know later ones than a store that was put back; the next if left out
    .class = The class of identifiers that the key is for
    .deadline = When it is given up, as a span such as 2h or 1d
help-coordinator-ceremony-refresh = Propose new shares of a key to all its holders; the key stays the same
    .example = Example:
        lianfang-coordinator ceremony refresh --dir /var/lib/lianfang-coordinator
    .epoch = The key's epoch; the newest that is not over if left out
    .class = The class of identifiers
    .deadline = How long the ceremony may take, such as 2h or 1d
help-coordinator-ceremony-repair = Propose to rebuild the lost share of a holder with the help of T others
    .example = Example:
        lianfang-coordinator ceremony repair --holder beta --dir /var/lib/lianfang-coordinator
    .holder = The holder whose share is lost
    .helpers = The T holders that help; the first T others if left out
    .epoch = The key's epoch; the newest that is not over if left out
    .class = The class of identifiers
    .deadline = How long the ceremony may take, such as 2h or 1d
help-coordinator-ceremony-keys = List every key, and where it stands in its life
    .example = Example:
        lianfang-coordinator ceremony keys --dir /var/lib/lianfang-coordinator
help-coordinator-ceremony-activate = Let new jobs name this epoch from now on; the epoch before it retires
    .example = Example:
        lianfang-coordinator ceremony activate --epoch 2 --overlap 30d --dir /var/lib/lianfang-coordinator
    .epoch = The epoch
    .overlap = How long the epoch before it goes on, such as 30d
    .class = The class of identifiers
help-coordinator-ceremony-retire = Announce the end of an epoch: no new job names it, and shares and outputs are erased at that date
    .example = Example:
        lianfang-coordinator ceremony retire --epoch 1 --closes 30d --dir /var/lib/lianfang-coordinator
    .epoch = The epoch
    .closes = In how much time, such as 30d
    .class = The class of identifiers
help-coordinator-ceremony-close = End an epoch now: one that was never activated, or one that is retiring
    .example = Example:
        lianfang-coordinator ceremony close --epoch 1 --dir /var/lib/lianfang-coordinator
    .epoch = The epoch
    .class = The class of identifiers
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
    .class = The class of identifiers; subject if left out
    .banks = Banks that take part; all active members if left out
    .groups = Legal groups whose banks take part
    .everyone = All active members take part
    .deadline = After how long submissions are to be in, as a span such as 30s, 2h or 7d; 7d if left out
    .deadline-of = Single banks that have longer or shorter, as in alpha=5d,beta=1d; none for no exceptions
    .remind = How long before its deadline a bank is reminded, as in 1d,6h; none for no reminders
    .grace = How long after its deadline a bank's submission is still taken; none if left out
    .size-cap = The most rows that one bank may submit; 4000000 if left out
    .chunk = Elements evaluated at once, a power of two; 8192 if left out
    .least-rows = Submissions are padded to a power of two of at least this many rows; 1024 if left out
    .kinds = Kinds of identifier that enter; all if left out
    .roles = Roles that enter; agent, agency and complainant if left out
help-coordinator-job-list = List all jobs
    .example = Example:
        lianfang-coordinator job list --dir /var/lib/lianfang-coordinator
help-coordinator-job-show = Show a job and how far its participants have come
    .example = Example:
        lianfang-coordinator job show ID --dir /var/lib/lianfang-coordinator
    .id = The job's id
help-coordinator-schedule = Schedules: a job per planned run, for as long as a campaign lasts
help-coordinator-schedule-add = Make a schedule
    .example = Example:
        lianfang-coordinator schedule add weekly --weekly mon@02:00 --deadline 3d --remind 1d,6h --match-threshold 2 --disclosure labels --purpose 联防联治 --basis 监管要求 --dir /var/lib/lianfang-coordinator
    .name = The schedule's name: a-z, 0-9 and “-”, at most 32 characters
    .weekly = Every week: days and a time, as in mon@02:00 or mon,thu@02:00
    .monthly = Every month: a day from 1 to 28, or last, and a time, as in 1@02:00 or last@02:00
    .cron = By a cron expression of five fields, as in "0 2 1 */3 *"
    .once = Once, at a date and a time, as in 2027-01-15T02:00
    .zone = The time zone of times and dates; Asia/Shanghai if left out
    .from = The first day of the campaign; none for at once
    .until = The last day of the campaign; none for no end
    .catch-up = Runs that were missed while the coordinator was off: skip, run-last, or run-all:N for at most N one after the other; run-last if left out
    .overlap = A run that comes before the last is over, or too soon after it began: wait or skip; wait if left out
    .min-interval = The least time between the beginnings of two runs; none if left out
    .min-change = Leave a run out whose participants differ from the last by at least one and fewer than so many banks; 3 under count, else 0
    .match-threshold = { help-coordinator-job-start.match-threshold }
    .disclosure = { help-coordinator-job-start.disclosure }
    .purpose = { help-coordinator-job-start.purpose }
    .basis = { help-coordinator-job-start.basis }
    .class = { help-coordinator-job-start.class }
    .banks = { help-coordinator-job-start.banks }
    .groups = { help-coordinator-job-start.groups }
    .everyone = { help-coordinator-job-start.everyone }
    .deadline = { help-coordinator-job-start.deadline }
    .deadline-of = { help-coordinator-job-start.deadline-of }
    .remind = { help-coordinator-job-start.remind }
    .grace = { help-coordinator-job-start.grace }
    .size-cap = { help-coordinator-job-start.size-cap }
    .chunk = { help-coordinator-job-start.chunk }
    .least-rows = { help-coordinator-job-start.least-rows }
    .kinds = { help-coordinator-job-start.kinds }
    .roles = { help-coordinator-job-start.roles }
help-coordinator-schedule-change = Change what was decided about a schedule, from now on; options that are left out stay as they were
    .example = Example:
        lianfang-coordinator schedule change weekly --weekly tue@02:00 --dir /var/lib/lianfang-coordinator
    .name = { help-coordinator-schedule-add.name }
    .weekly = { help-coordinator-schedule-add.weekly }
    .monthly = { help-coordinator-schedule-add.monthly }
    .cron = { help-coordinator-schedule-add.cron }
    .once = { help-coordinator-schedule-add.once }
    .zone = { help-coordinator-schedule-add.zone }
    .from = { help-coordinator-schedule-add.from }
    .until = { help-coordinator-schedule-add.until }
    .catch-up = { help-coordinator-schedule-add.catch-up }
    .overlap = { help-coordinator-schedule-add.overlap }
    .min-interval = { help-coordinator-schedule-add.min-interval }
    .min-change = { help-coordinator-schedule-add.min-change }
    .match-threshold = { help-coordinator-job-start.match-threshold }
    .disclosure = { help-coordinator-job-start.disclosure }
    .purpose = { help-coordinator-job-start.purpose }
    .basis = { help-coordinator-job-start.basis }
    .class = { help-coordinator-job-start.class }
    .banks = { help-coordinator-job-start.banks }
    .groups = { help-coordinator-job-start.groups }
    .everyone = { help-coordinator-job-start.everyone }
    .deadline = { help-coordinator-job-start.deadline }
    .deadline-of = { help-coordinator-job-start.deadline-of }
    .remind = { help-coordinator-job-start.remind }
    .grace = { help-coordinator-job-start.grace }
    .size-cap = { help-coordinator-job-start.size-cap }
    .chunk = { help-coordinator-job-start.chunk }
    .least-rows = { help-coordinator-job-start.least-rows }
    .kinds = { help-coordinator-job-start.kinds }
    .roles = { help-coordinator-job-start.roles }
help-coordinator-schedule-list = List all schedules
    .example = Example:
        lianfang-coordinator schedule list --dir /var/lib/lianfang-coordinator
help-coordinator-schedule-show = Show a schedule, what has become of its last runs, and who stayed away
    .example = Example:
        lianfang-coordinator schedule show weekly --dir /var/lib/lianfang-coordinator
    .name = { help-coordinator-schedule-add.name }
    .last = How many runs
help-coordinator-schedule-pause = Plan no runs until the schedule is resumed; a job that is under way goes on
    .example = Example:
        lianfang-coordinator schedule pause weekly --dir /var/lib/lianfang-coordinator
    .name = { help-coordinator-schedule-add.name }
help-coordinator-schedule-resume = Plan runs again; those of the pause are left out
    .example = Example:
        lianfang-coordinator schedule resume weekly --dir /var/lib/lianfang-coordinator
    .name = { help-coordinator-schedule-add.name }
help-coordinator-schedule-remove = Take a schedule away; its jobs stay
    .example = Example:
        lianfang-coordinator schedule remove weekly --dir /var/lib/lianfang-coordinator
    .name = { help-coordinator-schedule-add.name }
help-coordinator-schedule-run = Start a run now, outside the rhythm; --min-interval does not hold it up
    .example = Example:
        lianfang-coordinator schedule run weekly --dir /var/lib/lianfang-coordinator
    .name = { help-coordinator-schedule-add.name }
    .force = Also if the last run is not over, or too little has changed since
help-coordinator-schedule-next = Say when the next runs are planned
    .example = Example:
        lianfang-coordinator schedule next weekly --count 10 --dir /var/lib/lianfang-coordinator
    .name = { help-coordinator-schedule-add.name }
    .count = How many
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

help-coordinator-backup = Copy the store and the sealed secrets into a folder, also while the coordinator serves
    .example = Example:
        lianfang-coordinator backup /var/backups/lianfang-2026-11-22 --dir /var/lib/lianfang-coordinator
    .to = The folder to write into, new or empty
help-coordinator-restore = Put a backup in the place of what is there
    .example = Example:
        lianfang-coordinator restore /var/backups/lianfang-2026-11-22 --dir /var/lib/lianfang-coordinator
    .from = The folder with the backup
    .server = The store is on a PostgreSQL server and was restored there
coordinator-restore-done = the backup is restored, and the roster signed anew as version { $version }; what was there before is in { $aside }. Suspend again whom you have suspended since, and enrol again who has joined since
coordinator-restore-noted = it is noted that the store was restored, and the roster is signed anew as version { $version }. Suspend again whom you have suspended since, and enrol again who has joined since
