"""The options of a client under test that several commands take: `run`, `fuzz`, `exam`."""

from .localized import option

__all__ = ["env_option", "handles_option", "methods_option", "round_line_option", "write_to_option"]

env_option = option(
    "--env",
    multiple=True,
    metavar="NAME={app_key}",
    zh="被测程序自己的变量名",
    en="the client's own variable names",
)
handles_option = option(
    "--handles",
    default="",
    metavar="1,3,12",
    zh="被测程序办理的状态；不给则试运行一次得知",
    en="the statuses that the client acts at; a probe learns them",
)
methods_option = option(
    "--methods",
    default="",
    metavar="agree,…",
    zh="被测程序调用的方法；不给则试运行一次得知",
    en="the methods that the client calls; a probe learns them",
)
round_line_option = option(
    "--round-line",
    default="",
    metavar="TEXT",
    zh="程序每轮结束时输出的文字；不给则看安静",
    en="what the client prints at the end of a round; else by quiet",
)
write_to_option = option(
    "--write-to", default="tmall-failures", zh="写入的文件夹", en="the folder for failures"
)
