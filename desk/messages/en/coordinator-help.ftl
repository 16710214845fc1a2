### The help of lianfang-coordinator's commands. Add a message here and in ../zh/coordinator-help.ftl, with the same id and attributes.

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
help-coordinator-key = The authority's and the coordinator's keys: back up, restore, let another secret open them, renew, exchange
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
help-coordinator-key-rotate-signing = Give the coordinator another key to sign by; while nothing serves and no job or ceremony runs
    .example = Example:
        lianfang-coordinator key rotate-signing --dir /var/lib/lianfang-coordinator
help-coordinator-key-rotate-tls = Give the coordinator another key behind its certificate, which whoever opens the folder next puts into the roster; while nothing serves
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
