"""示例客户端的属性测试：状态机扮演其他各方。 A machine plays all other parties.

失败会缩减到最小，并写到 tmall-failures/。 A failure shrinks and is written to tmall-failures/.
"""

from client import IsvClient
from hypothesis import settings

from mockserver.testing import exchange_machine


def seller(sandbox):
    """正确的客户端，每页两行。 The correct client, two rows a page."""
    client = IsvClient(sandbox.env)
    client.page_size = 2
    return client


def knows_only_what_is_there(client, sandbox):
    """账本里没有平台没有的单。 The book has no exchange that the platform has not."""
    assert set(client.book) <= {exchange.dispute_id for exchange in sandbox.exchanges}


SellerMachine = exchange_machine(seller, invariants=[knows_only_what_is_there])
TestSeller = SellerMachine.TestCase
TestSeller.settings = settings(TestSeller.settings, max_examples=20, stateful_step_count=20)
