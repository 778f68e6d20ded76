// node verify.mjs <kind> [folder of pinned contexts] < subjects.json
// Takes a list, prints a list: {"verified": true, …} or {"verified": false, "error": "…"} for each subject.
//
//   data-integrity  {credential, didDocument, now[, lists]}   Digital Bazaar's stack; lists: of a credential with a status
//   jwt             {token, didDocument, now}         jose
//   jades           {sealed}                          jose
//   status          {credential, lists, didDocument, now}   Digital Bazaar's stack, every entry of the credential
//   bits            {encodedList}                 Digital Bazaar's bitstring: {"verified": true, length, set: […]}
//   canonical       {document}                        jsonld.js and rdf-canonize: {"verified": true, "nquads": "…"}
import {createHash, X509Certificate} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {checkStatus, decodeList} from '@digitalbazaar/vc-bitstring-status-list';
import * as vc from '@digitalbazaar/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import jsonld from 'jsonld';
import {decodeProtectedHeader, generalVerify, importJWK, importX509, jwtVerify} from 'jose';
import {pinnedLoader} from './contexts.mjs';

const kinds = {
  async 'data-integrity'({credential, didDocument, now, lists = {}}, pinned) {
    const loader = pinnedLoader(pinned, didDocument);
    const result = await vc.verifyCredential({
      credential,
      suite: new DataIntegrityProof({cryptosuite}),
      documentLoader: async url => lists[url] ?
        {contextUrl: null, documentUrl: url, document: lists[url]} : loader(url),
      checkStatus: Object.keys(lists).length ? checkStatus : undefined,
      now: new Date(now)
    });
    return {verified: result.verified, error: result.error && messages(result.error)};
  },

  async jwt({token, didDocument, now}) {
    const {alg, kid} = decodeProtectedHeader(token);
    const method = didDocument.verificationMethod.find(({id}) => id === kid);
    if(!didDocument.assertionMethod.includes(kid)) {
      throw new Error('the key is not one for assertions');
    }
    const {payload} = await jwtVerify(token, await importJWK(method.publicKeyJwk, alg), {
      algorithms: ['ES256', 'RS256'],
      typ: 'JWT',
      issuer: didDocument.id,
      requiredClaims: ['jti', 'nbf', 'sub'],
      currentDate: new Date(now)
    });
    return {verified: payload.jti === payload.id && payload.iss === payload.issuer.id, payload};
  },

  async jades({sealed}) {
    const header = JSON.parse(Buffer.from(sealed.signatures[0].protected, 'base64url'));
    const der = Buffer.from(header.x5c[0], 'base64');
    if(createHash('sha256').update(der).digest('base64url') !== header['x5t#S256']) {
      throw new Error('x5t#S256 names another certificate');
    }
    const certificate = new X509Certificate(der);
    const key = await importX509(certificate.toString(), header.alg);
    const {payload} = await generalVerify(sealed, key, {algorithms: ['ES256', 'RS256'], crit: {sigT: true}});
    return {
      verified: true,
      subject: certificate.subject,
      payload: JSON.parse(Buffer.from(payload).toString('utf8')),
      header
    };
  },

  async status({credential, lists, didDocument, now}, pinned) {
    const loader = pinnedLoader(pinned, didDocument);
    const documentLoader = async url => lists[url] ?
      {contextUrl: null, documentUrl: url, document: lists[url]} : loader(url);
    const suite = new DataIntegrityProof({cryptosuite});
    // by hand, because checkStatus takes no time of its own
    for(const list of Object.values(lists)) {
      const result = await vc.verifyCredential({credential: list, suite, documentLoader, now: new Date(now)});
      if(!result.verified) {
        return {verified: false, error: messages(result.error)};
      }
    }
    const result = await checkStatus({
      credential, documentLoader, suite, verifyBitstringStatusListCredential: false
    });
    return {
      verified: result.verified, error: result.error && messages(result.error),
      status: (result.results ?? []).map(({credentialStatus, status}) => ({purpose: credentialStatus.statusPurpose, status}))
    };
  },

  async bits({encodedList}) {
    const list = await decodeList({encodedList});
    const set = [];
    for(let index = 0; index < list.length; index++) {
      if(list.getStatus(index)) {
        set.push(index);
      }
    }
    return {verified: true, length: list.length, set};
  },

  async canonical({document}, pinned) {
    const nquads = await jsonld.canonize(document, {
      algorithm: 'RDFC-1.0',
      format: 'application/n-quads',
      documentLoader: pinnedLoader(pinned),
      safe: true
    });
    return {verified: true, nquads};
  }
};

function messages(error) {
  return [error.message, ...(error.errors ?? []).map(messages)].join('; ');
}

async function judge(kind, subject, pinned) {
  try {
    return await kinds[kind](subject, pinned);
  } catch(error) {
    return {verified: false, error: messages(error)};
  }
}

const [kind, pinned] = process.argv.slice(2);
const verdicts = [];
for(const subject of JSON.parse(readFileSync(0, 'utf8'))) {
  verdicts.push(await judge(kind, subject, pinned));
}
process.stdout.write(JSON.stringify(verdicts));
