### What the demo says. Add a message here and in ../zh/demo.ftl, with the same id and the same variables.

doing-demo = The demo did not finish
demo-agrees = The reports agree with the answer computed in the clear.
demo-differs = The reports differ from the answer computed in the clear in { $count ->
    [one] one row
   *[other] { $count } rows
}.
demo-difference = { $party }: { $what }: { $row }
demo-missing = missing
demo-surplus = surplus
demo-order = out of order
demo-policy = The demo's policy admits, compares and accepts by itself; what “init” writes leaves all of it to people.
demo-kept = Everything keeps running until Ctrl-C; the folders are in { $path }.

## Options

demo-range = the value “{ $got }” cannot be used for { $field }, which takes { $wanted }
demo-range-advice = see --help
demo-register-twice = { $field } names the bank { $got } twice
demo-register-twice-advice = give each bank one file
demo-register-few = { $field } is there for one bank only
demo-register-few-advice = name at least two banks
demo-out-taken = the folder { $path } of { $field } is not empty, or is none
demo-out-taken-advice = name an empty folder, or one that does not exist

## What goes wrong

demo-party-failed = a command there ended with { $exit } ({ $detail })
demo-party-failed-advice = see above what it did, and try again
demo-party-mute = its answer was not understood ({ $detail })
demo-party-mute-advice = report it to those who maintain the program
demo-party-slow = it did not come to “{ $wanted }” in time ({ $detail })
demo-party-slow-advice = try again on a machine with less to do

## Steps

demo-step-start = { $count } banks and a coordinator: folders and keys
demo-step-enrol = Enrolling
demo-step-ceremony = Agreeing on a key: { $threshold } of { $holders } holders
demo-step-import = Importing { $count } registers
demo-step-job = One job: { $count } banks, match threshold { $threshold }
demo-step-reports = Writing reports

## Tables

demo-column-party = party
demo-column-records = records
demo-column-identifiers = identifiers
demo-column-rejected = rejected
demo-column-learned = matches learned
demo-column-evaluated = evaluated
demo-column-sent = bytes sent per identifier
demo-column-memory = peak memory
demo-column-cpu = CPU time
demo-column-address = address
demo-column-stage = stage
demo-column-took = took
demo-coordinator = coordinator
demo-learned = Each bank learned only of its own records: the rows of its report. The holders saw blinded points. The coordinator saw tags, padded sizes and sealed labels.
demo-stage-start = start
demo-stage-enrol = enrol
demo-stage-ceremony = key ceremony
demo-stage-import = import
demo-stage-job = job
demo-stage-write = write reports
demo-stage-within = – { $stage }, slowest bank

## Help

help-demo = The main job on this machine: a coordinator and banks as processes, a report per bank, compared with the answer computed in the clear
    .example = Example:
        cargo demo -- --banks 3 --match-threshold 3 --disclosure institutions
    .banks = How many banks; 5 if left out
    .holders = The first so many banks are key holders; at most 5 of them if left out
    .key-threshold = How many holders it takes to evaluate; more than half of them if left out
    .match-threshold = How many banks must hold an identifier
    .records = Rows per bank; 2000 if left out
    .seed = The seed of the registers; 1 if left out
    .disclosure = What may be told: count, institutions or labels
    .register = A register of your own, BANK=FILE, for at least two banks
    .out = Keep reports, rejects and summary in this folder, which must be empty or new
    .keep = Leave everything running until Ctrl-C
