"""三个常见的错误，每个一个子类，供测试找出来。 Three common bugs, for tests to find."""

import sys
from datetime import timedelta

from client import IsvClient, main


class RoundsIds(IsvClient):
    """把单号读成双精度浮点数，像 JavaScript。 Reads ids as doubles, as JavaScript does."""

    def read_id(self, value):
        """末位变了：查到别的单，或查不到。 The last digits change: another exchange, or none."""
        return str(int(float(value)))


class IgnoresFailure(IsvClient):
    """只看 error_response，不看 success。 Looks for error_response only."""

    def succeeded(self, result):
        """无货、状态已变，都当作办成了。 No stock, another status: all taken for done."""
        return True


class DropsMovedRows(IsvClient):
    """从第一页往后翻一遍，窗口首尾相接，不再回头。 Reads each page once, forward.

    翻页时有单被修改：后面的行前移，漏掉一行；或它自己从没翻到的页换到了翻过的页。
    A row modified meanwhile makes others move up to a page already read, or moves there itself.
    """

    overlap = timedelta(seconds=-1)  # 下一个窗口从后一秒开始 (the next window: a second later)

    def read_changes(self, until):
        """每页只取一次。 Read each page once."""
        changes = {}
        number = pages = 1
        while number <= pages:
            rows, pages = self.read_page(number, until)
            changes |= {self.read_id(row["dispute_id"]): row for row in rows}
            number += 1
        return changes


if __name__ == "__main__":
    main({kind.__name__: kind for kind in IsvClient.__subclasses__()}[sys.argv[1]])
