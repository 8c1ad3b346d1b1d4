import { isParsedObject, type ParsedObject, parseObject } from '../json.ts';

/** A validated policy document. The statements of a repository policy have no resource. */
export interface Policy {
  readonly Statement: readonly ParsedObject[];
  readonly [member: string]: unknown;
}

const documentMembers = ['Version', 'Id', 'Statement'];
const statementMembers = ['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Condition'];

/** Reads a repository's policy and expands account ids in principals to ARNs. Undefined for an invalid document. Source of the grammar: IAM user guide. */
export function readPolicy(text: string): Policy | undefined {
  const document = parseObject(text);
  if (document === undefined || !hasOnly(document, documentMembers)) return undefined;
  const { Version: version, Statement: given } = document;
  if (version !== undefined && version !== '2008-10-17' && version !== '2012-10-17') return undefined;
  const statements: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (statements.length === 0 || !statements.every(isStatement)) return undefined;
  return { ...document, Statement: statements.map(expandPrincipals) };
}

function isStatement(value: unknown): value is ParsedObject {
  if (!isParsedObject(value) || !hasOnly(value, statementMembers)) return false;
  const { Sid: sid, Effect: effect, Condition: condition } = value;
  return (
    (sid === undefined || typeof sid === 'string') &&
    (effect === 'Allow' || effect === 'Deny') &&
    hasOneOf(value, 'Principal', 'NotPrincipal', isPrincipal) &&
    hasOneOf(value, 'Action', 'NotAction', (actions) => isStringOrList(actions, isAction)) &&
    (condition === undefined || isParsedObject(condition))
  );
}

function hasOneOf(value: ParsedObject, name: string, opposite: string, isValid: (value: unknown) => boolean) {
  const present = [value[name], value[opposite]].filter((member) => member !== undefined);
  return present.length === 1 && present.every(isValid);
}

function isAction(action: string): boolean {
  return action === '*' || /^[a-z0-9-]+:[a-z0-9*?]+$/i.test(action);
}

function isPrincipal(value: unknown): boolean {
  if (value === '*') return true;
  const kinds = ['AWS', 'Service', 'Federated', 'CanonicalUser'];
  return (
    isParsedObject(value) &&
    Object.keys(value).length > 0 &&
    hasOnly(value, kinds) &&
    isStringOrList(value.AWS ?? '*', (principal) =>
      /^(\*|\d{12}|arn:aws[a-z-]*:(iam|sts)::\d{12}:.+)$/.test(principal),
    ) &&
    Object.values(value).every((list) => isStringOrList(list, (principal) => principal !== ''))
  );
}

function isStringOrList(value: unknown, isValid: (text: string) => boolean): boolean {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.length > 0 && list.every((item) => typeof item === 'string' && isValid(item));
}

function expandPrincipals(statement: ParsedObject): ParsedObject {
  const expand = (value: unknown) => {
    if (!isParsedObject(value)) return value;
    const accounts = value.AWS;
    return {
      ...value,
      ...(accounts !== undefined && { AWS: Array.isArray(accounts) ? accounts.map(toArn) : toArn(accounts) }),
    };
  };
  return Object.fromEntries(
    Object.entries(statement).map(([name, value]) => [
      name,
      name.endsWith('Principal') ? expand(value) : value,
    ]),
  );
}

function toArn(principal: unknown): unknown {
  return typeof principal === 'string' && /^\d{12}$/.test(principal)
    ? `arn:aws:iam::${principal}:root`
    : principal;
}

function hasOnly(value: ParsedObject, names: readonly string[]): boolean {
  return Object.keys(value).every((name) => names.includes(name));
}

/** Formats a policy in the service's layout: two spaces of indentation, ` : ` after a name, lists on one line. */
export function formatPolicy(policy: Policy): string {
  return formatJson(policy, '');
}

function formatJson(value: unknown, indent: string): string {
  if (Array.isArray(value)) {
    return value.length === 0 ? '[ ]' : `[ ${value.map((item) => formatJson(item, indent)).join(', ')} ]`;
  }
  if (!isParsedObject(value)) return JSON.stringify(value);
  const inner = `${indent}  `;
  const members = Object.entries(value).map(
    ([name, member]) => `${inner}${JSON.stringify(name)} : ${formatJson(member, inner)}`,
  );
  return members.length === 0 ? '{ }' : `{\n${members.join(',\n')}\n${indent}}`;
}
