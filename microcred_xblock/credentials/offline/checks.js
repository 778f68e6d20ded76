/* Checks of signed credentials, without a network: every key, context and status list is in `held`.
 *
 * held: {did, contexts: {url: document}, contextLists: [[url, …]], sealKeys: [jwk], lists: {url: document}}
 */
"use strict";

globalThis.microcredChecks = (() => {
  const LEEWAY = 5 * 60 * 1000; // clocks may differ
  const MOST_LIST_BYTES = 4 * 1024 * 1024;
  const BAKED = "https://purl.imsglobal.org/ob/v3p0";
  const utf8 = new TextEncoder();
  const subtle = globalThis.crypto && globalThis.crypto.subtle;

  /* Why something is not verified; `code` names one of the page's texts. */
  class Refused extends Error {
    constructor(code) {
      super(code);
      this.code = code;
    }
  }

  const demand = (condition, code) => {
    if (!condition) {
      throw new Refused(code);
    }
  };

  // ---- Encodings

  const text = (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

  function base64(value) {
    return Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
  }

  function base64url(value) {
    demand(/^[A-Za-z0-9_-]*$/.test(value), "unreadable");
    return base64(value.replace(/-/g, "+").replace(/_/g, "/"));
  }

  function base64urlText(bytes) {
    return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  /* Multibase base58btc, the form of keys and signatures of Data Integrity. */
  function base58(value) {
    const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    demand(typeof value === "string" && value.length < 200 && value.startsWith("z"), "unreadable");
    let number = 0n;
    for (const character of value.slice(1)) {
      const digit = alphabet.indexOf(character);
      demand(digit >= 0, "unreadable");
      number = number * 58n + BigInt(digit);
    }
    const bytes = [];
    for (; number > 0n; number >>= 8n) {
      bytes.unshift(Number(number & 255n));
    }
    const zeros = value.slice(1).match(/^1*/)[0].length;
    return Uint8Array.from([...new Array(zeros).fill(0), ...bytes]);
  }

  function joined(...parts) {
    const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    parts.reduce((place, part) => {
      all.set(part, place);
      return place + part.length;
    }, 0);
    return all;
  }

  const sha256 = async (bytes) => new Uint8Array(await subtle.digest("SHA-256", bytes));
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  // ---- Keys and signatures

  /* The verification method as the DID document lists it for assertions. */
  function method(held, id) {
    demand(typeof id === "string" && (held.did.assertionMethod || []).includes(id), "unknown-key");
    const found = held.did.verificationMethod.find((item) => item.id === id);
    demand(found && found.controller === held.did.id, "unknown-key");
    return found;
  }

  async function ed25519Fits(signature, message, key) {
    try {
      const imported = await subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
      return await subtle.verify("Ed25519", imported, signature, message);
    } catch (error) {
      // A browser that does not know this algorithm yet.
      return globalThis.nobleEd25519.verifyAsync(signature, message, key, { zip215: false });
    }
  }

  const ALGORITHMS = {
    ES256: { kty: "EC", key: { name: "ECDSA", namedCurve: "P-256" }, use: { name: "ECDSA", hash: "SHA-256" } },
    RS256: {
      kty: "RSA", key: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, use: { name: "RSASSA-PKCS1-v1_5" },
    },
  };

  async function jwsFits(algorithm, form, key, signature, message) {
    const known = Object.hasOwn(ALGORITHMS, algorithm) ? ALGORITHMS[algorithm] : null;
    demand(known, "changed");
    const imported = await subtle.importKey(form, key, known.key, true, ["verify"]);
    demand(await subtle.verify(known.use, imported, signature, message), "changed");
    return subtle.exportKey("jwk", imported);
  }

  // ---- Open Badge with an embedded proof (eddsa-rdfc-2022), and the status lists, which are signed alike

  async function canonical(document, held) {
    const documentLoader = async (url) => {
      demand(Object.hasOwn(held.contexts, url), "contexts"); // nothing is ever fetched
      return { contextUrl: null, documentUrl: url, document: held.contexts[url] };
    };
    const quads = await globalThis.jsonld.canonize(document, {
      algorithm: "RDFC-1.0", format: "application/n-quads", documentLoader, safe: true,
    });
    return sha256(utf8.encode(quads));
  }

  async function embedded(document, held) {
    // Other contexts could give the words of the file another meaning under the same signature.
    demand(held.contextLists.some((list) => same(list, document["@context"])), "contexts");
    const proofs = Array.isArray(document.proof) ? document.proof : [document.proof];
    demand(proofs.length > 0 && proofs.every((proof) => proof && typeof proof === "object"), "unreadable");
    demand(issuerOf(document) === held.did.id, "foreign");
    const { proof: _, ...secured } = document;
    const content = await canonical(secured, held);
    for (const { proofValue, ...options } of proofs) {
      demand(options.type === "DataIntegrityProof" && options.cryptosuite === "eddsa-rdfc-2022", "unreadable");
      demand(options.proofPurpose === "assertionMethod", "unreadable");
      const key = base58(method(held, options.verificationMethod).publicKeyMultibase);
      demand(key.length === 34 && key[0] === 0xed && key[1] === 0x01, "unknown-key");
      const config = await canonical({ ...options, "@context": document["@context"] }, held);
      demand(await ed25519Fits(base58(proofValue), joined(config, content), key.slice(2)), "changed");
    }
    return document;
  }

  // ---- Open Badge as VC-JWT

  async function token(content, held) {
    const parts = content.trim().split(".");
    demand(parts.length === 3, "unreadable");
    const header = json(text(base64url(parts[0])));
    const claims = json(text(base64url(parts[1])));
    demand(issuerOf(claims) === held.did.id && claims.iss === held.did.id, "foreign");
    const jwk = method(held, header.kid).publicKeyJwk;
    demand(jwk && ALGORITHMS[header.alg] && jwk.kty === ALGORITHMS[header.alg].kty, "unknown-key");
    const key = { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y, n: jwk.n, e: jwk.e };
    await jwsFits(header.alg, "jwk", key, base64url(parts[2]), utf8.encode(`${parts[0]}.${parts[1]}`));
    demand(claims.jti === claims.id, "changed");
    return claims;
  }

  // ---- European Digital Credential under a JAdES seal

  async function sealed(outer, held) {
    const [only, ...more] = outer.signatures;
    demand(more.length === 0 && typeof outer.payload === "string", "unreadable");
    const header = json(text(base64url(only.protected)));
    demand(header.b64 === false && same(header.crit, ["b64", "sigT"]), "unreadable");
    const leaf = base64(header.x5c[0]);
    demand(header["x5t#S256"] === base64urlText(await sha256(leaf)), "changed");
    const message = utf8.encode(`${only.protected}.${outer.payload}`);
    const key = await jwsFits(header.alg, "spki", publicKeyOf(leaf), base64url(only.signature), message);
    const known = held.sealKeys.some((jwk) => ["kty", "crv", "x", "y", "n", "e"].every((name) => jwk[name] === key[name]));
    demand(known, "unknown-key");
    return json(outer.payload);
  }

  /* The SubjectPublicKeyInfo of an X.509 certificate (RFC 5280 §4.1). */
  function publicKeyOf(certificate) {
    const element = (at) => {
      let length = certificate[at + 1];
      let start = at + 2;
      if (length > 0x80) {
        const count = length - 0x80;
        demand(count <= 3, "unreadable");
        length = 0;
        for (const byte of certificate.slice(start, start + count)) {
          length = length * 256 + byte;
        }
        start += count;
      }
      demand(start + length <= certificate.length, "unreadable");
      return { tag: certificate[at], start, end: start + length };
    };
    let at = element(element(0).start).start; // the first field of TBSCertificate
    if (certificate[at] === 0xa0) {
      at = element(at).end; // version
    }
    for (let field = 0; field < 5; field += 1) { // serial number, algorithm, issuer, validity, subject
      at = element(at).end;
    }
    return certificate.slice(at, element(at).end);
  }

  // ---- Status

  /* [{purpose, set, at, until}] as the signed lists in the archive say; none where the credential has no entry. */
  async function status(document, held) {
    const entries = [document.credentialStatus || []].flat();
    const found = [];
    for (const entry of entries) {
      const list = Object.hasOwn(held.lists, entry.statusListCredential) ? held.lists[entry.statusListCredential] : null;
      demand(list, "no-list");
      await embedded(list, held);
      const subject = list.credentialSubject;
      demand(list.id === entry.statusListCredential && subject.statusPurpose === entry.statusPurpose, "changed");
      const bits = await unzipped(base64url(subject.encodedList.slice(1)));
      const index = Number(entry.statusListIndex);
      demand(Number.isInteger(index) && index >= 0 && index < bits.length * 8, "changed");
      const set = (bits[index >> 3] & (0x80 >> (index & 7))) !== 0;
      found.push({ purpose: entry.statusPurpose, set, at: list.validFrom, until: list.validUntil });
    }
    return found;
  }

  async function unzipped(bytes) {
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
    const parts = [];
    let length = 0;
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      parts.push(step.value);
      length += step.value.length;
      demand(length <= MOST_LIST_BYTES, "unreadable");
    }
    return joined(...parts);
  }

  // ---- Reading files

  function json(content) {
    const found = JSON.parse(content);
    demand(found && typeof found === "object" && !Array.isArray(found), "unreadable");
    return found;
  }

  const issuerOf = (document) => (typeof document.issuer === "string" ? document.issuer : (document.issuer || {}).id);

  /* The text that was baked into a PNG or SVG; of any other file its own text. */
  function unbaked(bytes) {
    if (text(bytes.slice(1, 4).map((byte) => byte & 0x7f)) === "PNG") {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let at = 8; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
        const body = bytes.slice(at + 8, at + 8 + view.getUint32(at));
        const keyword = "openbadgecredential\0\0\0\0\0";
        if (text(bytes.slice(at + 4, at + 8)) === "iTXt" && text(body).startsWith(keyword)) {
          return text(body).slice(keyword.length);
        }
      }
      throw new Refused("unreadable");
    }
    const content = text(bytes);
    if (!content.trimStart().startsWith("<")) {
      return content;
    }
    const drawing = new DOMParser().parseFromString(content, "image/svg+xml");
    const element = drawing.getElementsByTagNameNS(BAKED, "credential")[0];
    demand(element, "unreadable");
    return element.getAttribute("verify") || element.textContent;
  }

  /* {form, document, code, status, statusCode, expired}: `code` is "" where the signature fits. Never raises. */
  async function check(bytes, held, now) {
    const found = { form: "", document: null, code: "", status: [], statusCode: "", expired: false };
    try {
      const content = unbaked(bytes).trim();
      const outer = content.startsWith("{") ? json(content) : null;
      found.form = outer ? (outer.signatures ? "elm" : "badge") : "jwt";
      const checks = { badge: () => embedded(outer, held), elm: () => sealed(outer, held), jwt: () => token(content, held) };
      const document = await checks[found.form]();
      demand(!(Date.parse(document.validFrom) > now.getTime() + LEEWAY), "not-yet");
      found.document = document;
      found.expired = Date.parse(document.validUntil) < now.getTime() - LEEWAY;
    } catch (error) {
      found.code = error instanceof Refused ? error.code : found.form === "badge" ? "changed" : "unreadable";
      return found;
    }
    try {
      found.status = found.form === "elm" ? [] : await status(found.document, held);
    } catch (error) {
      found.statusCode = error instanceof Refused && error.code === "no-list" ? "no-list" : "status-broken";
    }
    return found;
  }

  return { able: Boolean(subtle) && typeof DecompressionStream === "function", check };
})();
