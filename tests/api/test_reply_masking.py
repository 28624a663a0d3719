"""How names, phones and addresses are masked."""

import pytest

from mockserver.api.reply_masking import mask_address, mask_name, mask_phone


@pytest.mark.parametrize(
    ("mask", "plain", "masked"),
    [
        (mask_name, "林晓月", "林**"),
        (mask_name, "林", "林**"),
        (mask_name, "", ""),
        (mask_phone, "10000002001", "*******2001"),
        (mask_phone, "2001", "*001"),
        (mask_phone, "1", "*"),
        (mask_phone, "", ""),
        (
            mask_address,
            "浙江省^^^杭州市^^^西湖区^^^文三路478号",
            "浙江省^^^杭州市^^^西湖区^^^文三****",
        ),
        (mask_address, "文三路478号", "文三****"),
        (mask_address, "浙江省^^^^^^^^^", "浙江省^^^^^^^^^"),
        (mask_address, "", ""),
    ],
)
def test_masks(mask, plain, masked):
    """The first character of a name, the last four of a phone, the place of an address stay."""
    assert mask(plain) == masked


@pytest.mark.parametrize(
    ("mask", "plain"),
    [
        (mask_name, "王小明"),
        (mask_phone, "10055550000"),
        (mask_address, "浙江省^^^杭州市^^^西湖区^^^转塘街道1号"),
    ],
)
def test_a_masked_text_stays_as_it_is(mask, plain):
    """A captured reply that is masked already is shown as it was."""
    assert mask(mask(plain)) == mask(plain)
