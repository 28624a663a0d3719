// A seller's client in Node, without packages: agrees, confirms receipt and ships, round by round.
// `rounds` as its argument: it keeps ids as numbers, which rounds those of 18 digits.

const crypto = require('node:crypto');

const ROUNDS_IDS = process.argv[2] === 'rounds';
const SHIPMENT = { logistics_type: 200, logistics_company_name: '顺丰速运' };
const WAIT_AGREE = '换货待处理';
const WAIT_RECEIPT = '买家已退货，待收货';
const WAIT_SHIPMENT = '待发出换货商品';

async function call(method, business) {
  const beijing = new Date(Date.now() + 8 * 3600 * 1000).toISOString();
  const params = {
    ...business,
    method,
    app_key: process.env.TOP_APP_KEY,
    session: process.env.TOP_SESSION,
    timestamp: beijing.slice(0, 19).replace('T', ' '),
    v: '2.0',
    format: 'json',
    sign_method: 'md5',
  };
  const secret = process.env.TOP_APP_SECRET;
  const text = Object.keys(params).sort().map((name) => name + params[name]).join('');
  const digest = crypto.createHash('md5').update(secret + text + secret, 'utf8').digest('hex');
  const body = new URLSearchParams({ ...params, sign: digest.toUpperCase() });
  const reply = await fetch(process.env.TOP_SERVER_URL, { method: 'POST', body });
  return Object.values(await reply.json())[0];
}

async function work(row) {
  const id = ROUNDS_IDS ? Number(row.dispute_id) : String(row.dispute_id);
  const business = { dispute_id: id, fields: 'dispute_id,status' };
  if (row.status === WAIT_AGREE) {
    await call('tmall.exchange.agree', { ...business, address_id: 10000002 });
  } else if (row.status === WAIT_RECEIPT) {
    await call('tmall.exchange.returngoods.agree', business);
  } else if (row.status === WAIT_SHIPMENT) {
    const waybill = `SF${row.dispute_id}`;
    await call('tmall.exchange.consigngoods', { ...business, ...SHIPMENT, logistics_no: waybill });
  }
}

async function main() {
  for (;;) {
    try {
      const query = { fields: 'dispute_id,status', dispute_status_array: '1,3,12', page_size: 100 };
      const reply = await call('tmall.exchange.receive.get', query);
      for (const row of reply.results?.exchange ?? []) await work(row);
    } catch (error) {
      console.error(`no usable reply: ${error}`); // the next round looks again
    }
    console.log('round over');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

main();
