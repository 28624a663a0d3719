// Runs the calls given as JSON on stdin through node-taobao-topclient; prints one outcome a call as JSON.
// In: {url, app_key, app_secret, calls: [{method, params, verb}]}
'use strict'

const TopClient = require('node-taobao-topclient').default

const given = JSON.parse(require('fs').readFileSync(0, 'utf8'))
const client = new TopClient({ appkey: given.app_key, appsecret: given.app_secret, REST_URL: given.url })

async function main () {
  const outcomes = []
  for (const call of given.calls) {
    try {
      outcomes.push({ response: await client.execute(call.method, { ...call.params }, call.verb) })
    } catch (error) {
      outcomes.push({ error: { code: error.code, sub_code: error.sub_code, text: error.message, ...(error.data || {}).error_response } })
    }
  }
  process.stdout.write(JSON.stringify(outcomes))
}

main()
