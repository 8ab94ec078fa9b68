import { createHash } from 'node:crypto';
import {
  getExpectedTwilioSignature,
  validateRequest,
  validateRequestWithBody,
} from 'twilio/lib/webhooks/webhooks.js';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/errors.ts';
import { twilioScheme } from '../../../src/verification/twilio.ts';

const publicUrl = 'https://hooks.example.com';
const path = '/webhooks/twilio';
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const json = { 'content-type': 'application/json' };
const token = 'an auth token';
const scheme = twilioScheme({ secrets: [token], publicUrl });
const fields = { CallSid: 'CA1234567890ABCDE', Caller: '+14158675310', Digits: '1234', From: '+1 é', A: '' };
const formBody = Buffer.from(new URLSearchParams(fields).toString());
const jsonBody = Buffer.from('{"name":"Grüße, 世界"}');
const jsonPath = `${path}?bodySHA256=${createHash('sha256').update(jsonBody).digest('hex')}`;

/** Signed by Twilio's own library. */
const signedForm = (by = token, url = path) => ({
  ...form,
  'x-twilio-signature': getExpectedTwilioSignature(by, publicUrl + url, fields),
});
const signedJson = {
  ...json,
  'x-twilio-signature': getExpectedTwilioSignature(token, publicUrl + jsonPath, {}),
};
const verify = (
  headers: Record<string, string | undefined>,
  { body = formBody, url = path, by = scheme } = {},
) => by.verify({ body, headers, now: 0, url });

describe('What Twilio’s own library signs', () => {
  it('is accepted, a form and JSON', async () => {
    expect(await verify(signedForm())).toEqual({ verified: true, secret: 1 });
    expect(await verify(signedJson, { body: jsonBody, url: jsonPath })).toEqual({
      verified: true,
      secret: 1,
    });
  });

  it('is accepted with a query in the address, and not at another address', async () => {
    const url = `${path}?foo=1&bar=2`;
    expect(await verify(signedForm(token, url), { url })).toMatchObject({ verified: true });
    for (const other of [path, `${path}?foo=1`, '/webhooks/other?foo=1&bar=2']) {
      expect(await verify(signedForm(token, url), { url: other })).toMatchObject({ reason: 'bad_signature' });
    }
    const elsewhere = twilioScheme({ secrets: [token], publicUrl: 'https://other.example.com' });
    expect(await verify(signedForm(), { by: elsewhere })).toMatchObject({ reason: 'bad_signature' });
  });

  it.each([
    ['https://hooks.example.com', 'https://hooks.example.com:443'],
    ['https://hooks.example.com:443', 'https://hooks.example.com'],
    ['https://hooks.example.com:8443/in', 'https://hooks.example.com/in'],
    ['http://hooks.example.com', 'http://hooks.example.com:80'],
  ])('is accepted where it was given %s and signs %s, as in its library', async (given, signs) => {
    const signature = getExpectedTwilioSignature(token, signs + path, fields);
    expect(validateRequest(token, signature, given + path, fields)).toBe(true);
    const by = twilioScheme({ secrets: [token], publicUrl: given });
    const headers = { ...form, 'x-twilio-signature': signature };
    expect(await verify(headers, { by })).toMatchObject({ verified: true });
    const elsewhere = getExpectedTwilioSignature(token, `https://hooks.example.com:8444${path}`, fields);
    expect(await verify({ ...form, 'x-twilio-signature': elsewhere }, { by })).toMatchObject({
      reason: 'bad_signature',
    });
  });

  it('is refused with one changed byte', async () => {
    for (const [index, byte] of formBody.entries()) {
      const body = Buffer.from(formBody);
      body[index] = byte ^ 1;
      expect(await verify(signedForm(), { body }), String(index)).toMatchObject({ verified: false });
    }
    for (const [index, byte] of jsonBody.entries()) {
      const body = Buffer.from(jsonBody);
      body[index] = byte ^ 1;
      expect(await verify(signedJson, { body, url: jsonPath })).toMatchObject({ reason: 'bad_signature' });
    }
  });

  it('is refused where the hash in the address is missing, or of another body', async () => {
    expect(await verify(signedJson, { body: jsonBody })).toMatchObject({ reason: 'bad_signature' });
    const wrong = `${path}?bodySHA256=${'0'.repeat(64)}`;
    const headers = {
      ...json,
      'x-twilio-signature': getExpectedTwilioSignature(token, publicUrl + wrong, {}),
    };
    expect(await verify(headers, { body: jsonBody, url: wrong })).toMatchObject({ reason: 'bad_signature' });
  });

  it('is accepted by the old and the new token while one is rotated', async () => {
    const both = twilioScheme({ secrets: ['a new token', token], publicUrl });
    expect(await verify(signedForm(), { by: both })).toEqual({ verified: true, secret: 2 });
    expect(await verify(signedForm('a new token'), { by: both })).toEqual({ verified: true, secret: 1 });
    expect(await verify(signedForm('a third token'), { by: both })).toMatchObject({
      reason: 'bad_signature',
    });
  });
});

describe('What is signed here', () => {
  it('is accepted by Twilio’s own library', async () => {
    const ofForm = await scheme.sign(formBody, { id: '', now: 0, url: path, headers: form });
    expect(validateRequest(token, ofForm['x-twilio-signature'] ?? '', publicUrl + path, fields)).toBe(true);
    const ofJson = await scheme.sign(jsonBody, { id: '', now: 0, url: jsonPath, headers: json });
    const signature = ofJson['x-twilio-signature'] ?? '';
    expect(validateRequestWithBody(token, signature, publicUrl + jsonPath, jsonBody.toString())).toBe(true);
  });
});

describe('A request without a good header', () => {
  it('is refused by its reason, which never says a token', async () => {
    expect(await verify(form)).toMatchObject({ reason: 'missing_header' });
    for (const value of ['nonsense', 'c2hvcnQ=', '=', '\u00ff']) {
      expect(await verify({ ...form, 'x-twilio-signature': value })).toMatchObject({
        reason: 'malformed_header',
      });
    }
    const none = twilioScheme({ secrets: [], publicUrl });
    expect(await verify(signedForm(), { by: none })).toMatchObject({ reason: 'no_secret_configured' });
    await expect(none.sign(formBody, { id: '', now: 0 })).rejects.toThrow(ConfigurationError);
    expect(JSON.stringify(await verify(signedForm('another')))).not.toContain(token);
  });
});
