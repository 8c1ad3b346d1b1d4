import { ServiceError } from '../service-error.ts';
import type { Store } from '../storage/store.ts';
import { PRIVATE_CHOICES } from './choices.ts';
import type { PrivateHandler, PrivateHandlers } from './handler.ts';

const VALUES = PRIVATE_CHOICES.accountSettings.value;

/** Answers with the value of a new account if it has not been set. Throws ValidationException for an unknown name. */
const getAccountSetting: PrivateHandler<'GetAccountSetting'> = ({ store }, { name }) => {
  listValues(name);
  return { name, value: readAccountSetting(store, name) };
};

/** Only BLOB_MOUNTING has an effect. */
const putAccountSetting: PrivateHandler<'PutAccountSetting'> = ({ store }, { name, value }) => {
  const values = listValues(name);
  if (!values.includes(value)) {
    throw unknownSetting('value', values);
  }
  store.setAccountSetting(name, value);
  return { name, value };
};

export const accountSettingHandlers: PrivateHandlers<'GetAccountSetting' | 'PutAccountSetting'> = {
  GetAccountSetting: getAccountSetting,
  PutAccountSetting: putAccountSetting,
};

/** The value of a setting. Undefined for an unknown name. */
export function readAccountSetting({ accountSettings }: Store, name: string): string | undefined {
  return accountSettings.get(name) ?? (Object.hasOwn(VALUES, name) ? VALUES[name]?.[0] : undefined);
}

function listValues(name: string): readonly string[] {
  const values = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined;
  if (values !== undefined) return values;
  throw unknownSetting('name', Object.keys(VALUES));
}

function unknownSetting(member: string, values: readonly string[]): ServiceError {
  return new ServiceError('ValidationException', PRIVATE_CHOICES.unknownSettingText.value(member, values));
}
