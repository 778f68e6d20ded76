// The document loader of these verifiers: the package's pinned contexts and the DID document it was given, nothing else.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';

// `pinned` is a folder with manifest.json: {files: {path: {url, …}}}.
export function pinnedLoader(pinned, didDocument) {
  const {files} = JSON.parse(readFileSync(join(pinned, 'manifest.json'), 'utf8'));
  const paths = new Map(Object.entries(files).filter(([, entry]) => entry.url).map(([path, entry]) => [entry.url, path]));
  const parsed = new Map();
  return async url => {
    if(paths.has(url)) {
      if(!parsed.has(url)) {
        parsed.set(url, JSON.parse(readFileSync(join(pinned, paths.get(url)), 'utf8')));
      }
      return {contextUrl: null, documentUrl: url, document: parsed.get(url), tag: 'static'};
    }
    return {contextUrl: null, documentUrl: url, document: fromDidDocument(url, didDocument)};
  };
}

function fromDidDocument(url, didDocument) {
  if(didDocument?.id === url) {
    return didDocument;
  }
  const method = didDocument?.verificationMethod?.find(({id}) => id === url);
  if(!method) {
    throw new Error(`nothing is fetched, and ${url} is not at hand`);
  }
  const context = method.type === 'Multikey' ? 'https://w3id.org/security/multikey/v1' : 'https://w3id.org/security/jwk/v1';
  return {'@context': context, ...method};
}
