// A mail server for the tests: node smtp.js KEY CERTIFICATE AUTH, where AUTH is ok, refused, missing, plaintext (no TLS either), open
// (TLS, no login) or ascii (ok, without SMTPUTF8). Says its port, then each mail it took, one line of JSON each.
// What it does with a mail is asked for by the recipient's name: defer.later@ (451 once, then taken), defer@ (451), reject@ (550),
// unknown@ (550 5.1.1), norelay@ (554 5.7.1), crowded@ (552 5.2.2), full@ (552 after the data), spam@ (550 5.7.1 after the data),
// dies@ (hangs up after the data), slow@ (takes the data and never answers). The sender stranger@ is refused.
// It ends when its input does, so that it never outlives the tests.
'use strict';
const fs = require('fs');
const { SMTPServer } = require('smtp-server');

const [key, cert, auth] = process.argv.slice(2);
const say = what => process.stdout.write(JSON.stringify(what) + '\n');
const refusal = (code, words) => Object.assign(new Error(words), { responseCode: code });
const deferred = new Set();
let connections = 0;

const server = new SMTPServer({
  key: fs.readFileSync(key),
  cert: fs.readFileSync(cert),
  // As a careless relay does: it takes mails from anybody, so that a skipped login would go unnoticed.
  authOptional: true,
  disabledCommands: auth === 'missing' || auth === 'open' ? ['AUTH'] : auth === 'plaintext' ? ['STARTTLS', 'AUTH'] : [],
  authMethods: ['LOGIN', 'PLAIN'],
  hideSMTPUTF8: auth === 'ascii',
  disableReverseLookup: true,
  onConnect(session, done) {
    connections++;
    done();
  },
  onAuth(login, session, done) {
    if ((auth === 'ok' || auth === 'ascii') && login.username === 'portal' && login.password === 'å-hemligt') {
      return done(null, { user: login.username });
    }
    done(refusal(535, 'no'));
  },
  onMailFrom(address, session, done) {
    done(address.address.startsWith('stranger') ? refusal(553, '5.7.1 not yours') : null);
  },
  onRcptTo(address, session, done) {
    const name = address.address.split('@')[0];
    if (name === 'defer.later' && !deferred.has(name)) {
      deferred.add(name);
      return done(refusal(451, 'later'));
    }
    if (name === 'defer') {
      return done(refusal(451, 'later'));
    }
    const refused = {
      reject: [550, 'nobody here'],
      unknown: [550, '5.1.1 no such user'],
      norelay: [554, '5.7.1 relay access denied'],
      crowded: [552, '5.2.2 mailbox full'],
    }[name];
    done(refused ? refusal(...refused) : null);
  },
  onData(stream, session, done) {
    const chunks = [];
    stream.on('data', chunk => chunks.push(chunk));
    stream.on('end', () => {
      const to = session.envelope.rcptTo.map(recipient => recipient.address);
      say({ to, from: session.envelope.mailFrom.address, secure: session.secure, user: session.user || null, connections, mail: Buffer.concat(chunks).toString('base64') });
      if (to[0].startsWith('dies')) {
        return server.connections.forEach(connection => connection._socket.destroy());
      }
      if (to[0].startsWith('slow')) {
        return;
      }
      done(to[0].startsWith('full') ? refusal(552, 'full') : to[0].startsWith('spam') ? refusal(550, '5.7.1 looks like spam') : null);
    });
  },
});
// Clients that hang up are part of the tests.
server.on('error', () => {});
server.listen(0, '127.0.0.1', () => say({ port: server.server.address().port }));
process.stdin.resume().on('end', () => process.exit(0));
