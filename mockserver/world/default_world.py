"""The default world: the literal data that every machine shows, without asking Faker.

Invented people and shops; provinces, cities and districts are real triples; phone numbers begin with
100, which no subscriber has.  Credentials are constants, documented so that a service can hold them.
"""

from msgspec import Struct

from ..domain.catalogue import Address, Buyer, Carrier, Goods, Reason
from ..domain.moves import DEFAULT_CARRIER
from ..domain.vocabulary import Phase

__all__ = [
    "APP_KEY",
    "APP_SECRET",
    "CARRIERS",
    "DEFAULT",
    "DISTRICTS",
    "REASONS",
    "SESSION",
    "SUB_SESSION",
    "Made",
    "make_address",
]

APP_KEY = "1023456789"
APP_SECRET = "sandbox5f2c7a9d3e1b4860c7f5a2d9e"
SESSION = "6100d2fa7c81e5b3946ad07fe82c5b1396ae4f0d7c2b85e2206543201"
SUB_SESSION = "6101b7ce05d94fa2831c6eb74fd09a5e28c7b3f1a6d40e92206543202"

# (province, city, district, area_id of the district by GB/T 2260)
DISTRICTS: tuple[tuple[str, str, str, int], ...] = (
    ("浙江省", "杭州市", "西湖区", 330106),
    ("浙江省", "杭州市", "余杭区", 330110),
    ("浙江省", "宁波市", "鄞州区", 330212),
    ("江苏省", "南京市", "鼓楼区", 320106),
    ("江苏省", "苏州市", "吴中区", 320506),
    ("上海市", "上海市", "浦东新区", 310115),
    ("上海市", "上海市", "徐汇区", 310104),
    ("北京市", "北京市", "朝阳区", 110105),
    ("北京市", "北京市", "海淀区", 110108),
    ("广东省", "广州市", "天河区", 440106),
    ("广东省", "深圳市", "南山区", 440305),
    ("四川省", "成都市", "武侯区", 510107),
    ("湖北省", "武汉市", "洪山区", 420111),
    ("陕西省", "西安市", "雁塔区", 610113),
    ("山东省", "青岛市", "市南区", 370202),
    ("福建省", "厦门市", "思明区", 350203),
    ("湖南省", "长沙市", "岳麓区", 430104),
    ("河南省", "郑州市", "金水区", 410105),
    ("重庆市", "重庆市", "渝北区", 500112),
    ("天津市", "天津市", "南开区", 120104),
)


class Made(Struct, frozen=True):
    """What is made up for a world: one shop, its addresses, four goods, five buyers."""

    shop: str
    addresses: tuple[Address, ...]
    goods: tuple[Goods, ...]
    buyers: tuple[Buyer, ...]


def make_address(
    number: int, district: tuple[str, str, str, int], addr: str, name: str, shop: str
) -> Address:
    """The seller's address `number` (0, 1, 2): 0 is for sending, 1 the default return address, 2 for pick-up."""
    province, city, country, area_id = district
    return Address(
        contact_id=10_000_001 + number,
        contact_name=name,
        province=province,
        city=city,
        country=country,
        addr=addr,
        zip_code=f"{area_id}",
        phone=f"0100-1000000{number + 1}",
        mobile_phone=f"1000000100{number + 1}",
        seller_company=shop,
        memo=("发货仓", "退货仓", "取货点")[number % 3],
        area_id=area_id,
        send_def=number == 0,
        get_def=number == 2,
        cancel_def=number == 1,
        modify_date="2026-01-01 09:00:00",
    )


def _buyer(number: int, nick: str, name: str, district: int, detail: str) -> Buyer:
    province, city, country, _ = DISTRICTS[district]
    return Buyer(
        nick=nick,
        open_uid=f"AAHsandboxbuyer{number:04}",
        user_id=2_300_000_000 + number,
        name=name,
        phone=f"1000000200{number}",
        address=f"{province}^^^{city}^^^{country}^^^{detail}",
        oaid=f"1sandboxoaid{number:04}",
    )


def _goods(number: int, name: str, title: str, price: int) -> Goods:
    return Goods(
        name=name,
        sku_id=f"498765432{number:04}",
        num_iid=654_321_000_000 + number // 10,
        outer_id=f"TX-{number:04}",
        title=title,
        price=price,
    )


_SHOP = "换货联调旗舰店"

DEFAULT = Made(
    shop=_SHOP,
    addresses=(
        make_address(0, DISTRICTS[1], "文一西路969号1号仓", "周发货", _SHOP),
        make_address(1, DISTRICTS[4], "木渎镇珠江南路211号退货组", "吴收货", _SHOP),
        make_address(2, DISTRICTS[9], "体育西路103号取货点", "郑取货", _SHOP),
    ),
    goods=(
        _goods(11, "bought", "棉质圆领T恤 白色 M", 12900),
        _goods(12, "wanted", "棉质圆领T恤 白色 L", 12900),
        _goods(21, "shoes", "轻便跑步鞋 灰色 42", 39900),
        _goods(31, "kettle", "不锈钢电热水壶 1.7L", 15900),
    ),
    buyers=(
        _buyer(1, "桂花拿铁01", "林晓月", 0, "文三路478号3幢201室"),
        _buyer(2, "江边的小船", "陈一帆", 3, "中山北路30号7单元502室"),
        _buyer(3, "爱跑步的阿杰", "黄志杰", 10, "科技园南区12栋1804室"),
        _buyer(4, "糖炒栗子吃不够", "孙雨桐", 7, "望京街道方恒东路8号楼1102室"),
        _buyer(5, "远山淡影", "罗远山", 11, "科华北路65号2栋3单元9楼"),
    ),
)

# Spellings that integrators send (顺丰快递, 邮政EMS) stand beside the official ones; codes as TOP lists them.
CARRIERS: tuple[Carrier, ...] = (
    Carrier(505, "SF", "顺丰速运", "^[A-Za-z0-9-]{4,35}$"),
    Carrier(100_505, "SF", DEFAULT_CARRIER),
    Carrier(2, "EMS", "EMS"),
    Carrier(100_002, "EMS", "邮政EMS"),
    Carrier(3, "EYB", "EMS经济快递"),
    Carrier(100, "STO", "申通快递"),
    Carrier(101, "YTO", "圆通速递"),
    Carrier(102, "YUNDA", "韵达快递"),
    Carrier(500, "ZTO", "中通快递"),
    Carrier(1_204, "JD", "京东快递"),
    Carrier(1_216, "POSTB", "邮政快递包裹"),
    Carrier(1_217, "DBKD", "德邦快递"),
    Carrier(200_143_242, "JTSD", "极兔速递"),
    Carrier(1, "POST", "中国邮政"),
    Carrier(-1, "OTHER", "其他"),
)

REASONS: tuple[Reason, ...] = (
    Reason(1101, "买家申请的换货原因与实际不符", "application"),
    Reason(1102, "商品已影响二次销售", "application", (Phase.AFTERSALE,)),
    Reason(1103, "超出换货时效", "application", (Phase.AFTERSALE,)),
    Reason(1104, "已与买家协商一致不换货", "application"),
    Reason(1105, "商品尚未发出，请申请退款", "application", (Phase.ONSALE,)),
    Reason(1106, "所换商品无货", "application"),
    Reason(1201, "未收到退货", "receipt"),
    Reason(1202, "退回的商品已影响完好", "receipt"),
    Reason(1203, "退回的商品与所购不符", "receipt"),
    Reason(1204, "退回的商品数量不足", "receipt"),
    Reason(1205, "退货运费有争议", "receipt", (Phase.AFTERSALE,)),
)
