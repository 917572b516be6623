// An OpenID provider for the tests: node openid.js PORT REDIRECT_URI CLIENT_ID SECRET. Its people prove who they are by pressing a button with
// their name, or cancel; its subjects are pairwise. It ends when its input does, so that it never outlives the tests.
'use strict';
const http = require('http');
const crypto = require('crypto');

const [port, redirectUri, clientId, secret] = process.argv.slice(2);
const issuer = `http://localhost:${port}`;
const page = (title, body) => `<!DOCTYPE html><html lang="sv"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>${title}</title></head><body><h1>${title}</h1>${body}</body></html>`;

import('oidc-provider').then(({ default: Provider }) => {
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: secret, redirect_uris: [redirectUri], grant_types: ['authorization_code'], response_types: ['code'], subject_type: 'pairwise' }],
    subjectTypes: ['pairwise'],
    pairwiseIdentifier: (ctx, account, client) => crypto.createHash('sha256').update(`${client.clientId} ${account} salt`).digest('hex'),
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    cookies: { keys: ['of-the-tests'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (ctx, interaction) => `/person/${interaction.uid}` },
    // Nobody is asked whether the portal may know who they are: that is why they came.
    loadExistingGrant: async ctx => {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
  });
  const answer = provider.callback();
  http.createServer(async (request, response) => {
    if (!request.url.startsWith('/person/')) {
      return answer(request, response);
    }
    try {
      if (request.method === 'GET') {
        await provider.interactionDetails(request, response);
        response.setHeader('content-type', 'text/html; charset=utf-8');
        return response.end(page('E-leg Test', '<form method="post"><button name="who" value="anna">Anna</button><button name="who" value="bo">Bo</button><button name="who" value="">Avbryt</button></form>'));
      }
      let body = '';
      for await (const chunk of request) {
        body += chunk;
      }
      const who = new URLSearchParams(body).get('who');
      await provider.interactionFinished(request, response, who ? { login: { accountId: who } } : { error: 'access_denied' });
    } catch (failure) {
      response.statusCode = 500;
      response.end(String(failure));
    }
  }).listen(Number(port), 'localhost', () => process.stdout.write(JSON.stringify({ port: Number(port) }) + '\n'));
});
process.stdin.resume().on('end', () => process.exit(0));
