import { expect, test } from 'vitest';
import { deriveIdentity } from '../../../src/emulator/identity.ts';
import { issueAnonymousToken, issueAuthorizationToken, verifyToken } from '../../../src/emulator/tokens.ts';

const HOUR_MS = 3_600_000;
const now = Date.UTC(2026, 10, 21);
const identity = deriveIdentity({});
const tokens = { ...identity, tokenKey: 'a secret of this start' };

test('an authorization token is AWS and a password, valid for 12 hours', () => {
  const { token, expiresAt } = issueAuthorizationToken(tokens, identity.principal, now);
  expect(Buffer.from(token, 'base64').toString()).toMatch(/^AWS:eyJwYXlsb2Fk[\w+/=]+$/);
  expect(expiresAt).toBe(now + 12 * HOUR_MS);
  expect(verifyToken(tokens, token, now)).toEqual(identity.principal);
  expect(verifyToken(tokens, token, expiresAt - 1)).toEqual(identity.principal);
  expect(verifyToken(tokens, token, expiresAt)).toBe('expired');
});

test('an anonymous token is valid for an hour', () => {
  const { token, expiresAt } = issueAnonymousToken(tokens, now);
  expect(expiresAt).toBe(now + HOUR_MS);
  expect(verifyToken(tokens, token, now)).toBe('anonymous');
  expect(verifyToken(tokens, token, expiresAt)).toBe('expired');
});

test('an anonymous token is not a password', () => {
  const { token } = issueAnonymousToken(tokens, now);
  expect(verifyToken(tokens, Buffer.from(`AWS:${token}`).toString('base64'), now)).toBe('invalid');
});

test('a token is valid only with the same key', () => {
  const { token } = issueAuthorizationToken(tokens, identity.principal, now);
  expect(verifyToken({ ...deriveIdentity({}), tokenKey: tokens.tokenKey }, token, now)).toEqual(
    identity.principal,
  );
  expect(verifyToken({ ...tokens, tokenKey: 'another' }, token, now)).toBe('invalid');
});

test('an altered claim, and other texts than tokens', () => {
  const { token } = issueAuthorizationToken(tokens, identity.principal, now);
  const password = Buffer.from(token, 'base64').toString().slice('AWS:'.length);
  const claim = JSON.parse(Buffer.from(password, 'base64').toString());
  const forged = [
    { ...claim, expiration: claim.expiration + 1 },
    { ...claim, payload: '' },
    { ...claim, datakey: 'x' },
    {},
    null,
    7,
  ].map((value) => Buffer.from(JSON.stringify(value)).toString('base64'));
  for (const secret of [...forged, '', 'x', password.slice(1)]) {
    expect(verifyToken(tokens, Buffer.from(`AWS:${secret}`).toString('base64'), now)).toBe('invalid');
    expect(verifyToken(tokens, secret, now)).toBe('invalid');
  }
});

test('a token or password with added characters is invalid', () => {
  const { token } = issueAuthorizationToken(tokens, identity.principal, now);
  const password = Buffer.from(token, 'base64').toString().slice('AWS:'.length);
  for (const junk of ['x', 'junk', '!', '=', ' ', '\n']) {
    const spoiled = Buffer.from(`AWS:${password}${junk}`).toString('base64');
    expect(verifyToken(tokens, spoiled, now), JSON.stringify(junk)).toBe('invalid');
    expect(verifyToken(tokens, `${token}${junk}`, now), JSON.stringify(junk)).toBe('invalid');
  }
});

test('identities: derived from account and alias, the same on every start', () => {
  expect(deriveIdentity({})).toEqual(identity);
  expect(identity.registryId).toMatch(/^\d{12}$/);
  expect(identity.registryAlias).toMatch(/^[a-z][a-z0-9]{7}$/);
  const { principal } = identity;
  expect(principal.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
  expect(principal.secretAccessKey).toHaveLength(40);
  const others = [{ account: '111111111111' }, { alias: 'other' }].map(deriveIdentity);
  expect(new Set([identity, ...others].map((each) => each.principal.accessKeyId)).size).toBe(3);
  expect(new Set([identity, ...others].map((each) => each.principal.secretAccessKey)).size).toBe(3);
  expect(deriveIdentity({ accessKeyId: 'KEY', secretAccessKey: 's' }).principal).toMatchObject({
    accessKeyId: 'KEY',
    secretAccessKey: 's',
  });
});

test.each([
  [{ account: '12' }, 'account must be 12 digits'],
  [{ alias: 'A' }, 'alias must be'],
  [{ alias: 'x'.repeat(51) }, 'alias must be'],
  [{ accessKeyId: 'a/b' }, 'access key id must be'],
])('%j is refused', (options, message) => {
  expect(() => deriveIdentity(options)).toThrow(message);
});
