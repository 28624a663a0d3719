"""The default world: the literal data that every machine shows, without a draw.

Invented people and shops; provinces, cities and districts are real triples; phone numbers begin
with 100, which no subscriber has.  Credentials are constants, documented so that a service can hold
them.
"""

from msgspec import Struct

from ..domain.catalogue import Address, Buyer, Carrier, Goods, Reason
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
    """Return the seller's address `number` (0, 1, 2).

    0 is the default pick-up address, which the back office shows as 发货地址; 1 the default return
    address; 2 neither.  Source: docs/spec/evidence-2026-11.md#evidence-1.
    """
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
        memo=("发货仓", "退货仓", "备用仓")[number % 3],
        area_id=area_id,
        send_def=False,
        get_def=number == 0,
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
        make_address(2, DISTRICTS[9], "体育西路103号备用仓", "郑备用", _SHOP),
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

_EYB_WAYBILL = "^[A-Z]{2}[0-9]{9}[A-Z]{2}$|^(10|11)[0-9]{11}$|^(50|51)[0-9]{11}$|^(95|97)[0-9]{11}$"
# The captured table (docs/spec/evidence-2026-11.md#evidence-3.2); no capture has a row of 京东.
CARRIERS: tuple[Carrier, ...] = (
    Carrier(505, "SF", "顺丰速运"),
    Carrier(100, "STO", "申通快递"),
    Carrier(2, "EMS", "EMS"),
    Carrier(102, "YUNDA", "韵达快递"),
    Carrier(502, "HTKY", "极兔速递"),
    Carrier(101, "YTO", "圆通速递"),
    Carrier(504, "TTKDEX", "天天快递", "^[0-9]{12}$"),
    Carrier(1216, "QFKD", "全峰快递"),
    Carrier(1207, "UC", "优速快递"),
    Carrier(5_000_000_110_730, "DBKD", "德邦快递", r"^[0-9]{8,10}$|^\d{15,}[-\d]+$"),
    Carrier(201_174, "SURE", "速尔快递"),
    Carrier(106, "FEDEX", "联邦快递", "^[0-9]{12}$"),
    Carrier(108, "SHQ", "华强物流"),
    Carrier(1259, "UAPEX", "全一快递", r"^\d{12}|\d{11}$"),
    Carrier(1191, "HOAU", "天地华宇"),
    Carrier(105, "BEST", "百世物流"),
    Carrier(1195, "LB", "龙邦速递"),
    Carrier(1186, "XB", "新邦物流"),
    Carrier(500, "ZTO", "中通快递"),
    Carrier(200_143, "GTO", "国通快递"),
    Carrier(1204, "FAST", "快捷快递"),
    Carrier(1192, "NEDA", "能达速递"),
    Carrier(100_034_107, "BJRFD-001", "如风达配送"),
    Carrier(3, "EYB", "邮政电商标快EYB", _EYB_WAYBILL),
    Carrier(202_855, "XFWL", "信丰物流"),
    Carrier(1269, "GDEMS", "广东EMS"),
    Carrier(200_734, "POSTB", "邮政快递包裹"),
    Carrier(107, "DBL", "德邦物流"),
    Carrier(1185, "YCT", "黑猫宅急便"),
    Carrier(1214, "LTS", "联昊通"),
    Carrier(200_740, "ESB", "E速宝"),
    Carrier(105_031, "BESTQJT", "百世快运"),
    Carrier(1208, "QRT", "增益速递"),
    Carrier(103, "ZJS", "宅急送"),
    Carrier(1, "POST", "中国邮政"),
    Carrier(-1, "OTHER", "其他"),
    Carrier(1121, "HZABC", "飞远(爱彼西)配送"),
    Carrier(1056, "CNEX", "佳吉快递"),
)

# The receipt stage has the reasons captured from the sibling taobao.refund.refusereason.get
# (docs/spec/evidence-2026-11.md#evidence-1); nobody has seen those of the application stage.
REASONS: tuple[Reason, ...] = (
    Reason(1101, "买家申请的换货原因与实际不符", "application"),
    Reason(1102, "商品已影响二次销售", "application", (Phase.AFTERSALE,)),
    Reason(1103, "超出换货时效", "application", (Phase.AFTERSALE,)),
    Reason(1104, "已与买家协商一致不换货", "application"),
    Reason(1105, "商品尚未发出，请申请退款", "application", (Phase.ONSALE,)),
    Reason(1106, "所换商品无货", "application"),
    Reason(118, "已经影响商品完好", "receipt"),
    Reason(103, "买家使用到付或平邮", "receipt"),
    Reason(1040, "退货商品不全、空包", "receipt"),
    Reason(106, "与买家协商换货", "receipt"),
    Reason(1047, "退货商品与订单商品不一致", "receipt"),
    Reason(104, "未收到退货，快递还在途中", "receipt"),
    Reason(105, "买家退货单号错误或无走件记录", "receipt"),
)
