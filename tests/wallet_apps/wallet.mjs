// node wallet.mjs sign <pinned> < [{suite, challenge, domain, version[, seed]}]   signed presentations
// node wallet.mjs collect <pinned> < [{uri, suite}]          from what a camera read to a verified credential
//
// A wallet app made of Digital Bazaar's libraries, which this project did not write. `suite` is eddsa-rdfc-2022 or
// Ed25519Signature2020, as the Learner Credential Wallet signs; its own link is followed as its source does.
import {readFileSync} from 'node:fs';
import * as vc from '@digitalbazaar/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {Ed25519Signature2020} from '@digitalbazaar/ed25519-signature-2020';
import {Ed25519VerificationKey2020} from '@digitalbazaar/ed25519-verification-key-2020';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {pinnedLoader} from '../verifiers/contexts.mjs';

const pinned = process.argv[3];

async function makeSuite(name, seed = crypto.getRandomValues(new Uint8Array(32))) {
  if(name === 'Ed25519Signature2020') {
    const key = await Ed25519VerificationKey2020.generate({seed});
    const did = `did:key:${key.publicKeyMultibase}`;
    key.id = `${did}#${key.publicKeyMultibase}`;
    key.controller = did;
    return {did, suite: new Ed25519Signature2020({key})};
  }
  const key = await Ed25519Multikey.generate({seed});
  const did = `did:key:${key.publicKeyMultibase}`;
  key.id = `${did}#${key.publicKeyMultibase}`;
  key.controller = did;
  return {did, suite: new DataIntegrityProof({signer: key.signer(), cryptosuite})};
}

async function sign({suite: name, challenge, domain, version = 2.0, seed}) {
  const {did, suite} = await makeSuite(name, seed && Uint8Array.from(seed));
  const presentation = vc.createPresentation({holder: did, version});
  if(version === 1.0 && name !== 'Ed25519Signature2020') {
    presentation['@context'].push('https://w3id.org/security/data-integrity/v2');
  }
  const documentLoader = pinnedLoader(pinned);
  return {did, presentation: await vc.signPresentation({presentation, suite, challenge, domain, documentLoader})};
}

async function post(url, body) {
  const response = await fetch(url, {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)
  });
  const text = await response.text();
  if(!response.ok) {
    throw new Error(`${response.status} ${text}`);
  }
  return text;
}

async function collect({uri, suite}) {
  const url = new URL(uri);
  let holder;
  let given;
  if(url.hostname === 'lcw.app') {
    const asked = Object.fromEntries(url.searchParams);
    if(url.pathname !== '/request' || asked.auth_type !== 'bearer' || !asked.issuer) {
      throw new Error('no link that the Learner Credential Wallet follows');
    }
    const {did, presentation} = await sign({suite, challenge: asked.challenge, version: 1.0});
    holder = did;
    given = JSON.parse(entities(await post(asked.vc_request_url, presentation)));
  } else {
    const response = await fetch(uri.replace(/^interaction:/, ''), {headers: {Accept: 'application/json'}});
    const {protocols} = await response.json();
    const {verifiablePresentationRequest: {query, challenge, domain}} = JSON.parse(await post(protocols.vcapi, {}));
    const asked = [query].flat();
    if(asked.length !== 1 || asked[0].type !== 'DIDAuthentication') {
      throw new Error('more is asked for than who this is');
    }
    const {did, presentation} = await sign({suite, challenge, domain, version: 1.0});
    holder = did;
    given = JSON.parse(await post(protocols.vcapi, {verifiablePresentation: presentation})).verifiablePresentation;
  }
  const [credential] = [given.verifiableCredential].flat();
  return {...await verified(credential), holder, subject: credential.credentialSubject.id, credential};
}

// The Learner Credential Wallet decodes HTML entities before it reads JSON.
function entities(text) {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => ({amp: '&', lt: '<', gt: '>', quot: '"', '#39': '\''})[name]);
}

async function verified(credential) {
  const did = credential.issuer.id;
  const [host, ...path] = did.slice('did:web:'.length).split(':').map(decodeURIComponent);
  const scheme = host.startsWith('localhost') ? 'http' : 'https';
  const response = await fetch(`${scheme}://${host}/${path.length ? path.join('/') : '.well-known'}/did.json`);
  const result = await vc.verifyCredential({
    credential, suite: new DataIntegrityProof({cryptosuite}), checkStatus: async () => ({verified: true}),
    documentLoader: pinnedLoader(pinned, await response.json())
  });
  return {verified: result.verified, error: result.error && String(result.error.errors ?? result.error)};
}

const work = {sign, collect}[process.argv[2]];
const results = [];
for(const item of JSON.parse(readFileSync(0, 'utf8'))) {
  results.push(await work(item).catch(error => ({verified: false, error: `${error.message} ${error.stack}`})));
}
process.stdout.write(JSON.stringify(results));
