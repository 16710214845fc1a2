### 命令行外壳：句式、用法、目录、文件、进度、帮助。

# 一句话说清：什么没做成、在哪一方、为什么、怎么办。各部分不带句号。
problem = { $doing }：{ $why }；{ $advice }。
problem-at = { $doing }（{ $party }）：{ $why }；{ $advice }。
doing-command = 命令未能完成
doing-arguments = 无法理解该命令

## 用法

usage = { $detail }
usage-advice = 请查看 --help
usage-unknown-argument = 此处没有选项或参数 { $field }
usage-unknown-argument-advice = 请用 --help 查看可用的选项
usage-unknown-command = 没有命令 { $field }
usage-unknown-command-advice = 请用 --help 查看可用的命令
usage-argument-missing = 缺少 { $field }
usage-argument-missing-advice = 请补上，或用 --help 查看示例
usage-value = { $field } 不能取值“{ $got }”
usage-value-advice = 请用 --help 查看可用的取值
usage-conflict = { $field } 与 { $other } 不能同时使用
usage-conflict-advice = 请去掉其中一个
usage-no-command = 没有写明要执行的命令
usage-no-command-advice = 请从 { $field } 中选择一个

## 目录与转交

directory-not-given = 没有指定目录
directory-not-given-advice = 请加上 --dir DIR，即执行“init”时建立的目录
directory-missing = 目录 { $path } 不存在
directory-missing-advice = 请核对 --dir，或先用“init”建立目录
directory-not-empty = 目录 { $path } 已经初始化过
directory-not-empty-advice = 请为 --dir 另选一个目录
secrets-without-configuration = 目录 { $path } 中有机密，却没有 config.toml
secrets-without-configuration-advice = 若该目录曾投入使用，请放回其 config.toml，因为机密无法重建；若是 init 中断所致，请删除 { $file } 后重新执行
control-other-user = 正在为 { $path } 服务的进程属于另一个用户
control-other-user-advice = 请以运行“serve”的用户身份执行该命令
control-lost = 与正在为 { $path } 服务的进程的连接中断
control-lost-advice = 请确认“serve”仍在运行，然后重新执行该命令
caller-gone = 发起该命令的进程已经结束
caller-gone-advice = 请重新执行该命令
interrupted = 操作被中断
interrupted-advice = 请重新执行，已完成的部分会保留

## 提问与输入

question-needs-terminal = 问题“{ $question }”只能在终端上回答
question-needs-terminal-advice = 请用 { $flag } 给出答案
input-too-large = 标准输入超过 { $limit } 字节
input-too-large-advice = 请分批输入
input-not-text = 标准输入不是 UTF-8 文本
input-not-text-advice = 请先转换为 UTF-8

## 文件

file-not-found = { $path } 不存在
file-not-found-advice = 请核对路径
file-not-permitted = 当前用户无权打开 { $path }
file-not-permitted-advice = 请更正其属主或权限
file-failed = 无法读写 { $path }（{ $detail }）
file-failed-advice = 请检查磁盘，然后重新执行该命令

## 本版本不认识的故障

fault-unknown = 对方答复“{ $detail }”，本版本不认识该代码
fault-unknown-advice = 请升级本程序后再试

## 进度与时长

progress-of = { $label }：{ $done } / { $total }（{ $percent }%）
progress-so-far = { $label }：{ $done }
progress-rate = ，每秒 { $rate }
progress-left = ，剩余 { $left }
duration-seconds = { $seconds } 秒
duration-minutes = { $big } 分 { $small } 秒
duration-hours = { $big } 小时 { $small } 分
duration-days = { $big } 天 { $small } 小时

## 帮助

help-usage = 用法:
help-arguments = 参数
help-options = 选项
help-commands = 命令
help-command = 显示某个命令的帮助
help-shared = 各命令共有的选项
    .dir = 存放配置、密钥和数据库的目录
    .json = 在标准输出打印一个 JSON 对象，其余内容写到标准错误
    .lang = 界面语言，zh 或 en；未指定时由 LANG 决定，否则为英文
    .help = 显示本帮助
    .version = 显示版本

# 备份与恢复
backup-done = 备份已写入 { $path }（{ $bytes } 字节）；其中不含解锁密钥，请另行保管
restore-done-complete = 备份已恢复；原有内容在 { $aside }，确认无误后可删除
backup-on-server = 数据库位于 PostgreSQL 服务器上，不在此处复制
backup-on-server-advice = 请在服务器上用 pg_dump 备份其模式，并自行复制 config.toml 与 secrets 目录
backup-not-empty = { $path } 不是空目录
backup-not-empty-advice = 请指定新目录或空目录
backup-unfinished = { $path } 不是完整的备份：清单缺失或无法读取
backup-unfinished-advice = 请使用另一份备份
backup-of-another = 该备份属于 { $got }，而当前程序是 { $wanted }
backup-of-another-advice = 请用制作该备份的程序恢复
backup-changed = 备份已损坏：{ $path } 缺失或被改动
backup-changed-advice = 请使用另一份备份；未替换任何内容
backup-damaged = 数据库不完整：{ $detail }
backup-damaged-advice = 请恢复更早的备份；未替换任何内容
restore-unlock-missing = 缺少用于解锁该备份的密钥：{ $path }
restore-unlock-missing-advice = 请将密钥文件或口令放到该处（仅属主可读），然后重新恢复
restore-unfinished = { $path } 的恢复在替换文件时中断
restore-unfinished-advice = 请再次运行 restore：它会先还原原有内容
restore-no-server = 此目录的数据库是文件，且未指定备份
restore-no-server-advice = 请指定备份所在目录
