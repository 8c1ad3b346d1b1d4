import { checkLength } from '../../../catalog/findings.ts';
import { listRegistries } from '../../../ecr/registries.ts';
import { getRegistryCatalogData, putRegistryCatalogData } from '../../../ecr/registry-catalog-data.ts';
import { EcrpError } from '../../../errors.ts';
import { parsePrivateHost } from '../../../oci/private-host.ts';
import { MAX_DISPLAY_NAME_CHARS } from '../../../wire/limits.ts';
import type { CommandContext } from '../../command-context.ts';
import { withEcr } from '../../ecr-session.ts';
import type { Outcome } from '../../output.ts';
import { chooseRegistryHosts, findRegistryHosts } from '../../service-address.ts';
import { listRegistryMembers, QUOTAS, viewRegistries } from './view.ts';

export async function describeOwnRegistry(
  context: CommandContext,
  hosts: readonly string[],
): Promise<Outcome> {
  refusePrivateHosts(context, hosts);
  if (hosts.length > 0) await chooseRegistryHosts(context, 'registry describe', hosts);
  const { signal } = context.io;
  const { registries, catalogData } = await withEcr(context, async ({ client }) => ({
    registries: await listRegistries(client, signal),
    catalogData: await getRegistryCatalogData(client, signal),
  }));
  if (registries.every(({ aliases }) => aliases.length === 0)) {
    context.messages.note("No alias yet. The first 'ecrp repo create NAME' gives your registry one.");
  }
  return {
    result: {
      registries: registries.map(listRegistryMembers),
      registryCatalogData: { ...catalogData },
      quotas: QUOTAS,
    },
    view: viewRegistries(registries, catalogData),
  };
}

/** Throws USAGE for a registry of private ECR: it has neither aliases nor a display name. */
function refusePrivateHosts(context: CommandContext, hosts: readonly string[]): void {
  const { privateHost } = findRegistryHosts(context);
  const given = hosts.find((host) => parsePrivateHost(host, privateHost) !== undefined);
  if (given === undefined) return;
  throw new EcrpError(
    'USAGE',
    `${given} is a registry of private ECR, which has no aliases and no display name`,
    { hint: `See its repositories with 'ecrp repo list ${given}'.` },
  );
}

export interface RegistrySetOptions {
  readonly displayName: string;
}

/** Sets the display name, unless the registry has it already. */
export async function setRegistry(
  context: CommandContext,
  { displayName }: RegistrySetOptions,
): Promise<Outcome> {
  checkDisplayName(displayName);
  const { signal } = context.io;
  const { before, after } = await withEcr(context, async ({ client }) => {
    const current = await getRegistryCatalogData(client, signal);
    if ((current.displayName ?? '') === displayName) return { before: current, after: current };
    return { before: current, after: await putRegistryCatalogData(client, displayName, signal) };
  });
  const isUnchanged = before === after;
  context.messages.note(describeResult(displayName, isUnchanged));
  return {
    result: { registryCatalogData: { ...after }, status: isUnchanged ? 'unchanged' : 'changed' },
    view: after.displayName ?? '',
  };
}

function checkDisplayName(name: string): void {
  const problems: string[] = [];
  checkLength(name, MAX_DISPLAY_NAME_CHARS, 'the display name', { problems, warnings: [] });
  const [problem] = problems;
  if (problem !== undefined) throw new EcrpError('USAGE', problem, { hint: 'Give a shorter name.' });
}

function describeResult(displayName: string, isUnchanged: boolean): string {
  if (displayName === '') {
    return isUnchanged
      ? 'Your registry has no display name. Nothing was changed.'
      : 'Removed the display name.';
  }
  return isUnchanged
    ? 'Your registry has this display name already. Nothing was changed.'
    : 'Set the display name. The Gallery shows it once AWS has verified your account.';
}
