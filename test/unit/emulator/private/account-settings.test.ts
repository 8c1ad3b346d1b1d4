import { expect, test } from 'vitest';
import { callPrivate, failPrivate } from '../../../support/call-api.ts';
import { startTestEmulator } from '../../../support/emulator.ts';
import { privateOf } from '../../../support/signed-request.ts';
import { makeDirectory } from '../storage/opened-store.ts';

test('an account setting has the value of a new account until it is set, and keeps what is set', async () => {
  const dataDirectory = makeDirectory();
  const name = 'BLOB_MOUNTING';
  for (const [before, after] of [
    ['DISABLED', 'ENABLED'],
    ['ENABLED', 'DISABLED'],
    ['DISABLED', 'DISABLED'],
  ] as const) {
    const emulator = await startTestEmulator({ private: {}, dataDirectory });
    const signer = privateOf(emulator);
    expect(await callPrivate(signer, 'GetAccountSetting', { name })).toEqual({ name, value: before });
    const put = await callPrivate(signer, 'PutAccountSetting', { name, value: after });
    expect(put).toEqual({ name, value: after });
    await emulator.close();
  }
});

test('unknown names and values are refused, and change nothing', async () => {
  const emulator = await startTestEmulator({ private: {} });
  const signer = privateOf(emulator);
  for (const [operation, input, member] of [
    ['GetAccountSetting', { name: 'constructor' }, 'name'],
    ['PutAccountSetting', { name: 'blob_mounting', value: 'ENABLED' }, 'name'],
    ['PutAccountSetting', { name: 'BLOB_MOUNTING', value: 'enabled' }, 'value'],
    ['PutAccountSetting', { name: 'BLOB_MOUNTING', value: 'AWS_NATIVE' }, 'value'],
  ] as const) {
    const error = await failPrivate(signer, operation, input);
    expect(error.__type).toBe('ValidationException');
    expect(error.message).toContain(`'${member}' must be one of [`);
  }
  const { value } = await callPrivate(signer, 'GetAccountSetting', { name: 'BLOB_MOUNTING' });
  expect(value).toBe('DISABLED');
  await emulator.close();
});

test('the settings of an account need permission on everything', async () => {
  const sender = { accessKeyId: 'AKIASENDER', secretAccessKey: 'secret', allowedActions: ['ecr:Get*'] };
  const emulator = await startTestEmulator({ private: {}, identities: [sender] });
  const input = { name: 'BLOB_MOUNTING', value: 'ENABLED' };
  const error = await failPrivate(privateOf(emulator), 'PutAccountSetting', input);
  expect(error.__type).toBe('AccessDeniedException');
  expect(error.message).toContain('is not authorized to perform: ecr:PutAccountSetting on resource: *');
  await emulator.close();
});
