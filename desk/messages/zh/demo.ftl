### 演示的文字。新增时请在 ../en/demo.ftl 中加入相同的 id 和变量。

doing-demo = 演示未能完成
demo-agrees = 各行报告与明文计算的答案一致。
demo-differs = 各行报告与明文计算的答案有 { $count } 行不一致。
demo-difference = { $party }：{ $what }：{ $row }
demo-missing = 缺少
demo-surplus = 多出
demo-order = 顺序不同
demo-policy = 演示策略会自动准入、核对和接受；“init”写出的默认配置则全部交由人工处理。
demo-kept = 全部进程将持续运行，直至按下 Ctrl-C；目录位于 { $path }。

## 选项

demo-range = 值“{ $got }”不能用于 { $field }，应为 { $wanted }
demo-range-advice = 请参阅 --help
demo-register-twice = { $field } 两次指定了银行 { $got }
demo-register-twice-advice = 每家银行只给一个文件
demo-register-few = { $field } 只指定了一家银行
demo-register-few-advice = 至少指定两家银行
demo-out-taken = { $field } 指定的目录 { $path } 不为空，或不是目录
demo-out-taken-advice = 请指定空目录或尚不存在的目录

## 出错

demo-party-failed = 该方的一条命令以 { $exit } 结束（{ $detail }）
demo-party-failed-advice = 请查看上文该方的输出，然后重试
demo-party-mute = 该方的回答无法理解（{ $detail }）
demo-party-mute-advice = 请告知程序维护人员
demo-party-slow = 该方未能及时到达“{ $wanted }”（{ $detail }）
demo-party-slow-advice = 请在负载较低的机器上重试

## 步骤

demo-step-start = { $count } 家银行和一个协调方：建立目录和密钥
demo-step-enrol = 入网
demo-step-ceremony = 商定密钥：{ $holders } 个持有方，门限 { $threshold }
demo-step-import = 导入 { $count } 份名单
demo-step-job = 一次任务：{ $count } 家银行，匹配门限 { $threshold }
demo-step-reports = 写出报告

## 表格

demo-column-party = 参与方
demo-column-records = 记录
demo-column-identifiers = 标识
demo-column-rejected = 拒收
demo-column-learned = 获知的匹配
demo-column-evaluated = 已求值
demo-column-sent = 每个标识发送字节
demo-column-memory = 内存峰值
demo-column-cpu = CPU 时间
demo-column-address = 地址
demo-column-stage = 阶段
demo-column-took = 用时
demo-coordinator = 协调方
demo-learned = 每家银行只获知自己记录的匹配，即其报告各行；密钥持有方只看到盲化的点；协调方只看到标签、补齐后的规模和密封的说明。
demo-stage-start = 启动
demo-stage-enrol = 入网
demo-stage-ceremony = 密钥仪式
demo-stage-import = 导入
demo-stage-job = 任务
demo-stage-write = 写出报告
demo-stage-within = – { $stage }，最慢的银行

## 帮助

help-demo = 在本机完成主要任务：协调方和各银行各为一个进程，每家银行一份报告，并与明文计算的答案比较
    .example = 示例：
        cargo demo -- --banks 3 --match-threshold 3 --disclosure institutions
    .banks = 银行数；缺省为 5
    .holders = 前多少家银行持有密钥份额；缺省为其中至多 5 家
    .key-threshold = 求值需要多少个持有方；缺省为半数以上
    .match-threshold = 至少多少家银行持有同一标识
    .records = 每家银行的行数；缺省为 2000
    .seed = 名单的种子；缺省为 1
    .disclosure = 可以告知的内容：count、institutions 或 labels
    .register = 使用自己的名单，格式为 BANK=FILE，至少两家银行
    .out = 将报告、拒收清单和汇总保存在此目录，目录须为空或尚不存在
    .keep = 保持全部进程运行，直至按下 Ctrl-C
