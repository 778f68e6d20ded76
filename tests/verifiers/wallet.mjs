// node wallet.mjs < jobs.json
// A wallet made of OpenWallet Foundation's OpenID4VCI client and SD-JWT VC library. Takes a list, prints a list.
//
//   {uri, configuration, txCode, draft13, binding: "jwk" | "did:jwk", algorithm, disclose}
//   {credential}      an SD-JWT VC, of which only the status is told: {status}
//
// collects the offer behind uri by a fresh key: {collected: true, version, credential, holder, notified, shown}. An
// SD-JWT VC is verified with what its issuer publishes, and presented with the claims of disclose: shown says which.
import {createHash, randomBytes} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {Openid4vciClient, setGlobalConfig} from '@openid4vc/openid4vci';
import {clientAuthenticationAnonymous, setGlobalConfig as setForOauth2} from '@openid4vc/oauth2';
import {SDJwtVcInstance} from '@sd-jwt/sd-jwt-vc';
import {CompactSign, compactVerify, exportJWK, generateKeyPair, importJWK} from 'jose';

setGlobalConfig({allowInsecureUrls: true});  // the site under test has no certificate
setForOauth2({allowInsecureUrls: true});

async function collect(job) {
  const {privateKey, publicKey} = await generateKeyPair(job.algorithm ?? 'ES256', {extractable: true});
  const jwk = await exportJWK(publicKey);
  const callbacks = {
    fetch: (url, options) => job.draft13 && new URL(url).pathname.startsWith('/.well-known/openid-credential') ?
      new Response('', {status: 404}) : fetch(url, options),  // it looks where draft 13 says
    hash: (data, name) => createHash(name.replace('-', '')).update(data).digest(),
    generateRandom: length => randomBytes(length),
    clientAuthentication: clientAuthenticationAnonymous(),
    async signJwt(_signer, {header, payload}) {
      const content = new TextEncoder().encode(JSON.stringify(payload));
      return {jwt: await new CompactSign(content).setProtectedHeader(header).sign(privateKey), signerJwk: jwk};
    }
  };
  const client = new Openid4vciClient({callbacks});
  const credentialOffer = await client.resolveCredentialOffer(job.uri);
  const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer);
  const {accessTokenResponse: token} = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
    credentialOffer, issuerMetadata, txCode: job.txCode
  });
  const accessToken = token.access_token;
  const nonce = job.draft13 ? token.c_nonce : (await client.requestNonce({issuerMetadata})).c_nonce;
  const proof = await client.createCredentialRequestJwtProof({
    issuerMetadata, credentialConfigurationId: job.configuration, nonce, signer: signer(job, jwk)
  });
  const given = await client.retrieveCredentials({
    issuerMetadata, accessToken, credentialConfigurationId: job.configuration,
    ...(job.draft13 ? {proof: {proof_type: 'jwt', jwt: proof.jwt}} : {proofs: {jwt: [proof.jwt]}})
  });
  const answer = given.credentialResponse;
  const credential = answer.credential ?? answer.credentials[0].credential;
  const notificationId = answer.notification_id;
  await client.sendNotification({
    issuerMetadata, accessToken, notification: {notificationId, event: 'credential_accepted'}
  });
  const compact = typeof credential === 'string' && credential.includes('~');
  return {
    collected: true, version: issuerMetadata.originalDraftVersion, credential, holder: jwk,
    ...(compact ? await present(credential, privateKey, job) : {})
  };
}

function signer(job, jwk) {
  const alg = job.algorithm ?? 'ES256';
  if(job.binding === 'did:jwk') {
    return {method: 'did', alg, didUrl: `did:jwk:${Buffer.from(JSON.stringify(jwk)).toString('base64url')}#0`};
  }
  return {method: 'jwk', alg, publicJwk: jwk};
}

function reader(seen, privateKey, algorithm) {
  return new SDJwtVcInstance({
    hasher: (data, name) => new Uint8Array(createHash(name.replace('-', '')).update(data).digest()),
    hashAlg: 'sha-256',
    verifier: checked,
    kbSigner: async data => signed(data, privateKey),
    kbSignAlg: algorithm,
    kbVerifier: (data, signature, payload) => matches(data, signature, payload.cnf.jwk),
    statusVerifier: checked,
    loadTypeMetadataFormat: true,
    async statusListFetcher(uri) {
      const answer = await fetch(uri, {headers: {Accept: 'application/statuslist+jwt'}});
      if(!answer.headers.get('Content-Type').startsWith('application/statuslist+jwt')) {
        throw new Error('not a status list token');
      }
      return answer.text();
    },
    statusValidator: async status => {
      seen.status = status;
    },
    vctFetcher: async vct => (await fetch(vct)).json()
  });
}

async function present(credential, privateKey, job) {
  const seen = {};
  const sdJwt = reader(seen, privateKey, job.algorithm ?? 'ES256');
  await sdJwt.verify(credential);
  const type = await sdJwt.getVct(credential);
  const all = await sdJwt.getClaims(credential);
  const frame = Object.fromEntries(job.disclose.map(name => [name, true]));
  const presentation = await sdJwt.present(credential, frame, {
    kb: {payload: {iat: Math.floor(Date.now() / 1000), aud: 'https://verifier.example', nonce: 'n'}}
  });
  const {payload} = await sdJwt.verify(presentation, {requiredClaimKeys: job.disclose, keyBindingNonce: 'n'});
  return {...seen, claims: all, shown: payload, presentation, type: type.mergedTypeMetadata ?? type};
}

// the issuer's signature, by the keys that the iss of the token leads to
async function checked(data, signature) {
  const [head, body] = data.split('.').map(part => JSON.parse(Buffer.from(part, 'base64url')));
  const issuer = new URL(body.iss);
  const published = await (await fetch(`${issuer.origin}/.well-known/jwt-vc-issuer${issuer.pathname}`)).json();
  if(published.issuer !== body.iss) {
    throw new Error('the keys are another issuer\'s');
  }
  return matches(data, signature, published.jwks.keys.find(({kid}) => kid === head.kid), head.alg);
}

async function matches(data, signature, jwk, alg = 'ES256') {
  try {
    await compactVerify(`${data}.${signature}`, await importJWK(jwk, alg), {algorithms: ['ES256', 'RS256']});
    return true;
  } catch{
    return false;
  }
}

async function signed(data, privateKey) {
  const [head, body] = data.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url'));
  const token = await new CompactSign(Buffer.from(body, 'base64url')).setProtectedHeader(header).sign(privateKey);
  return token.split('.')[2];
}

async function standing({credential}) {
  const seen = {};
  await reader(seen).verify(credential);
  return seen;
}

async function attempt(job) {
  try {
    return await (job.uri ? collect(job) : standing(job));
  } catch(error) {
    return {collected: false, error: messages(error)};
  }
}

function messages(error) {
  const more = error.response?.credentialErrorResponseResult?.data ?? error.errorResponse;
  return [error.message, more && JSON.stringify(more), error.cause && messages(error.cause)].filter(Boolean).join('; ');
}

const results = [];
for(const job of JSON.parse(readFileSync(0, 'utf8'))) {
  results.push(await attempt(job));
}
process.stdout.write(JSON.stringify(results));
