### The shell: sentences' frames, usage, folder, files, progress, help.

# One sentence: what failed, at which party, why, what to do. The parts are clauses without a full stop.
problem = { $doing }: { $why }; { $advice }.
problem-at = { $doing } at { $party }: { $why }; { $advice }.
doing-command = The command did not finish
doing-arguments = The command was not understood

## Usage

usage = { $detail }
usage-advice = see --help
usage-unknown-argument = there is no option or argument { $field } here
usage-unknown-argument-advice = see --help for those there are
usage-unknown-command = there is no command { $field }
usage-unknown-command-advice = see --help for the commands there are
usage-argument-missing = { $field } is required
usage-argument-missing-advice = add it, or see --help for an example
usage-value = the value “{ $got }” cannot be used for { $field }
usage-value-advice = see --help for the values it takes
usage-conflict = { $field } cannot be given together with { $other }
usage-conflict-advice = leave one of them out
usage-no-command = a command is missing
usage-no-command-advice = choose one of { $field }

## Folder and forwarding

directory-not-given = no folder was named
directory-not-given-advice = add --dir DIR, the folder that “init” made
directory-missing = the folder { $path } does not exist
directory-missing-advice = check --dir, or make the folder with “init”
directory-not-empty = the folder { $path } is already set up
directory-not-empty-advice = choose another folder for --dir
secrets-without-configuration = the folder { $path } has secrets and no config.toml
secrets-without-configuration-advice = if the folder was ever in use, put its config.toml back, for its secrets cannot be made again; if “init” was cut off, remove { $file } and run it again
control-other-user = the process that serves { $path } belongs to another user
control-other-user-advice = run the command as the user that “serve” runs as
control-lost = the connection to the process that serves { $path } broke off
control-lost-advice = see whether “serve” still runs, then run the command again
caller-gone = the process that asked for this has ended
caller-gone-advice = run the command again
interrupted = it was interrupted
interrupted-advice = run it again; what was done is kept

## Questions and input

question-needs-terminal = the question “{ $question }” can only be answered at a terminal
question-needs-terminal-advice = give the answer with { $flag }
input-too-large = standard input holds more than { $limit } bytes
input-too-large-advice = send it in parts
input-not-text = standard input is not UTF-8 text
input-not-text-advice = convert it to UTF-8

## Files

file-not-found = { $path } does not exist
file-not-found-advice = check the path
file-not-permitted = { $path } may not be opened by this user
file-not-permitted-advice = correct its owner or permissions
file-failed = { $path } could not be read or written ({ $detail })
file-failed-advice = check the disk, then run the command again

## A fault that this version does not know

fault-unknown = it was answered “{ $detail }”, which this version does not know
fault-unknown-advice = update this program, then try again

## Progress and durations

progress-of = { $label }: { $done } of { $total } ({ $percent } %)
progress-so-far = { $label }: { $done }
progress-rate = , { $rate } a second
progress-left = , { $left } left
duration-seconds = { $seconds } s
duration-minutes = { $big } min { $small } s
duration-hours = { $big } h { $small } min
duration-days = { $big } d { $small } h

## Help

help-usage = Usage:
help-arguments = Arguments
help-options = Options
help-commands = Commands
help-command = Print the help of a command
help-shared = Options of every command
    .dir = The folder with configuration, secrets and store
    .json = Print one JSON object on standard output; everything else goes to standard error
    .lang = Language of texts for people, zh or en; else LANG decides, else English
    .help = Print this help
    .version = Print the version

# Backup and restore.
backup-done = the backup is in { $path } ({ $bytes } bytes); the unlocking secret is not in it, keep that elsewhere
restore-done-complete = the backup is restored; what was there before is in { $aside }, delete it when all is well
backup-on-server = the store is on a PostgreSQL server and is not copied from here
backup-on-server-advice = back up its schema there with pg_dump, and copy config.toml and the folder secrets yourself
backup-not-empty = { $path } is not empty
backup-not-empty-advice = name a folder that is new or empty
backup-unfinished = { $path } is no finished backup: its manifest is missing or cannot be read
backup-unfinished-advice = take another backup
backup-of-another = the backup is of { $got }, and this is { $wanted }
backup-of-another-advice = restore it with the program that made it
backup-changed = the backup is damaged: { $path } is missing or was changed
backup-changed-advice = take another backup; nothing was replaced
backup-damaged = the store does not hold together: { $detail }
backup-damaged-advice = restore an earlier backup; nothing was replaced
restore-unlock-missing = the secret that unlocks the backup is not there: { $path }
restore-unlock-missing-advice = put the key file or the passphrase there, readable by its owner alone, then restore again
restore-unfinished = a restore of { $path } was cut off while it replaced files
restore-unfinished-advice = run restore again: it first moves back what was there
restore-no-server = the store of this folder is a file, and no backup was named
restore-no-server-advice = name the folder with the backup
