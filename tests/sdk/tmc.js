// Runs an unmodified TMC client of npm; prints each message that it hands to its user as a line of JSON.
// In (JSON on stdin): {package, url, app_key, app_secret, group}.  Ends when stdin ends, or when killed.
'use strict'

require('./old_node.js')
const fs = require('fs')

const settings = JSON.parse(fs.readFileSync(0, 'utf8'))
const { TmcClient } = require(settings.package)

const say = (line) => fs.writeSync(1, JSON.stringify(line) + '\n')
console.log = (...words) => say({ log: words.join(' ') })

const client = new TmcClient(settings.app_key, settings.app_secret, settings.group)
client.connect(settings.url, (message, done) => {
  say({ topic: message.topic, id: message.id, content: message.content })
  if (typeof done === 'function') done() // ali-topsdk; topSdk confirms when the callback returns
})
