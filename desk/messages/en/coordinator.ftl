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
coordinator-keys-older-advice = take the keys from the folder where they were exchanged, or from a later backup; if only the key behind the certificate is older and no other coordinator shares the store, key rotate-tls makes another
coordinator-choice = the value { $got } cannot be used for { $field }
coordinator-choice-advice = choose another; see “roster list” for members and --help for limits
coordinator-epoch-choice = the value { $got } cannot be used for { $field }
coordinator-epoch-choice-advice = see “ceremony keys” for every key and where it stands
coordinator-repair-exchanged = { $got } has exchanged the key behind its certificate since the key record was made, and no holder takes part in a repair with it
coordinator-repair-exchanged-advice = let others help with --helpers; if too few are left, or it is the holder that lost its share, make a new epoch with “ceremony start”. A “ceremony refresh” after every exchange, while nobody has lost its share, prevents this
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
coordinator-root-renewed = The authority's root is renewed under the same key and fingerprint; whoever opens the folder next, be it for a command, puts it into the roster. Make a new key backup.
coordinator-key-rotated = The coordinator has a new key to sign by; whoever opens the folder next, be it for a command, puts it into the roster. Make a new key backup.
coordinator-tls-rotated = The coordinator has a new key behind its certificate ({ $key }); whoever opens the folder next, be it for a command, puts it into the roster. Make a new key backup: an older one brings the older key back, with which the coordinator does not start.
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

coordinator-restore-done = the backup is restored, and the roster signed anew as version { $version }; what was there before is in { $aside }. Suspend again whom you have suspended since, enrol again who has joined since, and exchange again the keys of the coordinator that were exchanged since
coordinator-restore-noted = it is noted that the store was restored, and the roster is signed anew as version { $version }. Suspend again whom you have suspended since, enrol again who has joined since, and exchange again the keys of the coordinator that were exchanged since
