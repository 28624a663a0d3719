"""Scenario files that tests of several folders read."""

FIVE_MISTAKES = """\
scenario: 五处错误
given: {goods: {wanted: {stok: 1}}}
steps:
  - buyer: aply
  - buyer: apply
    reson: 尺码不合适
  - call: tmall.exchange.gett
  - expect: {status: 77}
"""
