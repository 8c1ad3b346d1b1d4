import { afterAll, beforeAll, expect, test } from 'vitest';
import { callApi } from '../../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../../support/emulator.ts';
import { sendSigned } from '../../../support/signed-request.ts';

let emulator: TestEmulator;
let address: string;

beforeAll(async () => {
  emulator = await startTestEmulator({ faults: ['DescribeImages  throttle on=1'] });
  address = `${emulator.url}/emulator/faults`;
});

afterAll(() => emulator.close());

async function ask(method: string, body?: string) {
  const response = await fetch(address, { method, ...(body !== undefined && { body }) });
  return [response.status, await response.json()];
}

test('rules are read, replaced and removed in a running emulator', async () => {
  expect(await ask('GET')).toEqual([200, { faults: ['DescribeImages throttle on=1'] }]);
  const faults = ['DescribeRegistries error ServerException on=2', '* delay 1'];
  expect(await ask('PUT', JSON.stringify({ faults }))).toEqual([200, { faults }]);
  await callApi(emulator, 'DescribeRegistries');
  const failing = await sendSigned(emulator, { operation: 'DescribeRegistries', body: '{}' });
  expect(failing.status).toBe(500);
  expect(await ask('DELETE')).toEqual([200, { faults: [] }]);
  expect(await ask('GET')).toEqual([200, { faults: [] }]);
});

test('rules that are put again count from the start', async () => {
  for (const _ of ['first', 'second']) {
    await ask('PUT', '{"faults": ["DescribeRegistries throttle on=1"]}');
    expect((await sendSigned(emulator, { operation: 'DescribeRegistries', body: '{}' })).status).toBe(400);
    await callApi(emulator, 'DescribeRegistries');
  }
  await ask('DELETE');
});

test.each([
  ['{', 'The body must be'],
  ['{"faults": "* stall"}', 'The body must be'],
  ['{"faults": [7]}', 'The body must be'],
  ['{"faults": ["* explode"]}', "fault rule '* explode'"],
  [`{"faults": ["${' '.repeat(70_000)}"]}`, 'The body must be'],
])('%.30s changes nothing', async (body, message) => {
  await ask('PUT', '{"faults": ["* delay 1"]}');
  expect(await ask('PUT', body)).toEqual([400, { message: expect.stringContaining(message) }]);
  expect(await ask('GET')).toEqual([200, { faults: ['* delay 1'] }]);
  await ask('DELETE');
});

test('other methods are refused', async () => {
  expect((await ask('POST', '{}'))[0]).toBe(405);
});
