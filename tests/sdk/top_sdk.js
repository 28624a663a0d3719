// Runs the calls given as JSON on stdin through the official Node SDK; prints one outcome a call as JSON.
// In: {url, app_key, app_secret, calls: [{method, params, files: {name: base64}}]}
'use strict'

const { ApiClient } = require('topSdk')

const given = JSON.parse(require('fs').readFileSync(0, 'utf8'))
const client = new ApiClient({ appkey: given.app_key, appsecret: given.app_secret, url: given.url })

function outcome (call) {
  const params = { ...call.params }
  for (const [name, coded] of Object.entries(call.files || {})) params[name] = Buffer.from(coded, 'base64')
  return new Promise((resolve) => {
    client.execute(call.method, params, (error, response) => {
      resolve(error ? { error } : { response })
    })
  })
}

async function main () {
  const outcomes = []
  for (const call of given.calls) outcomes.push(await outcome(call))
  process.stdout.write(JSON.stringify(outcomes))
}

main()
