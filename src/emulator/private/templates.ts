import type { PrivateInputOf, PrivateValueOf } from '../../wire/private/operations.ts';
import { toEpochSeconds } from '../operations/context.ts';
import { forbidPaging, paginate } from '../operations/paginate.ts';
import { mergeResourceTags } from '../operations/resource-tags.ts';
import { readPolicy } from '../policy/policy-document.ts';
import { invalidParameter, ServiceError } from '../service-error.ts';
import type { StoredTemplate } from '../storage/model.ts';
import type { Store } from '../storage/store.ts';
import { PRIVATE_CHOICES } from './choices.ts';
import type { PrivateHandler, PrivateHandlers } from './handler.ts';
import { checkLifecycleText } from './lifecycle-policies.ts';
import { acceptMutability, describeMutability } from './mutability.ts';

/** The prefix of the template for all names that no other template matches. */
const ROOT = 'ROOT';

const createTemplate: PrivateHandler<'CreateRepositoryCreationTemplate'> = (context, input) => {
  const { registryId } = context.registry;
  const template = acceptTemplate(input, context.now());
  const { templates } = context.store;
  if (templates.some(({ prefix }) => prefix === template.prefix)) {
    const text = PRIVATE_CHOICES.templateExistsText.value(template.prefix, registryId);
    throw new ServiceError('TemplateAlreadyExistsException', text);
  }
  const maximum = PRIVATE_CHOICES.maximumTemplates.value;
  if (templates.length >= maximum) {
    const text = PRIVATE_CHOICES.tooManyTemplatesText.value(registryId, maximum);
    throw new ServiceError('LimitExceededException', text);
  }
  context.store.setTemplates([...templates, template]);
  return { registryId, repositoryCreationTemplate: describeTemplate(template) };
};

/** Lists in the order of creation. An unknown prefix is left out. */
const describeTemplates: PrivateHandler<'DescribeRepositoryCreationTemplates'> = (context, input) => {
  const { registryId } = context.registry;
  const { templates } = context.store;
  const describeNamed = (prefixes: readonly string[]) =>
    templates.filter(({ prefix }) => prefixes.includes(prefix)).map(describeTemplate);
  if (input.prefixes !== undefined) {
    forbidPaging(input);
    return { registryId, repositoryCreationTemplates: describeNamed(input.prefixes.map(dropSlash)) };
  }
  const prefixes = templates.map(({ prefix }) => prefix);
  const { page, nextToken } = paginate(prefixes, input, 'repository creation templates');
  return { registryId, repositoryCreationTemplates: describeNamed(page), nextToken };
};

const deleteTemplate: PrivateHandler<'DeleteRepositoryCreationTemplate'> = (context, input) => {
  const { registryId } = context.registry;
  const prefix = dropSlash(input.prefix);
  const { templates } = context.store;
  const template = templates.find((each) => each.prefix === prefix);
  if (template === undefined) {
    const text = PRIVATE_CHOICES.templateNotFoundText.value(prefix, registryId);
    throw new ServiceError('TemplateNotFoundException', text);
  }
  context.store.setTemplates(templates.filter((each) => each !== template));
  return { registryId, repositoryCreationTemplate: describeTemplate(template) };
};

export const templateHandlers: PrivateHandlers<
  | 'CreateRepositoryCreationTemplate'
  | 'DescribeRepositoryCreationTemplates'
  | 'DeleteRepositoryCreationTemplate'
> = {
  CreateRepositoryCreationTemplate: createTemplate,
  DescribeRepositoryCreationTemplates: describeTemplates,
  DeleteRepositoryCreationTemplate: deleteTemplate,
};

/** Finds the template for a repository that a push creates: the longest prefix of its name, else `ROOT`. Undefined when that does not apply. */
export function findPushTemplate(store: Store, repositoryName: string): StoredTemplate | undefined {
  const matching = store.templates
    .filter(({ prefix }) => prefix === ROOT || repositoryName.startsWith(`${prefix}/`))
    .sort((one, other) => lengthOf(other) - lengthOf(one));
  return matching[0]?.appliedFor.includes('CREATE_ON_PUSH') === true ? matching[0] : undefined;
}

function lengthOf({ prefix }: StoredTemplate): number {
  return prefix === ROOT ? 0 : prefix.length;
}

/** `team` and `team/` are one prefix. */
function dropSlash(prefix: string): string {
  return prefix.replace(/\/$/, '');
}

/** Checks what a template would give to a repository. Throws the exceptions of the calls that set it. */
function acceptTemplate(
  input: PrivateInputOf<'CreateRepositoryCreationTemplate'>,
  createdAt: number,
): StoredTemplate {
  const { description, resourceTags, repositoryPolicy, lifecyclePolicy, customRoleArn } = input;
  const { encryptionType = 'AES256', kmsKey } = input.encryptionConfiguration ?? {};
  if (encryptionType === 'AES256' && kmsKey) {
    throw invalidParameter('kmsKey', PRIVATE_CHOICES.keyWithoutKms.value);
  }
  mergeResourceTags(new Map(), resourceTags ?? []);
  if (repositoryPolicy && readPolicy(repositoryPolicy) === undefined) {
    throw invalidParameter('PolicyText', 'Invalid repository policy provided');
  }
  if (lifecyclePolicy) checkLifecycleText(lifecyclePolicy);
  const needsRole = encryptionType !== 'AES256' || (resourceTags ?? []).length > 0;
  if (needsRole && customRoleArn === undefined) {
    throw invalidParameter('customRoleArn', PRIVATE_CHOICES.templateNeedsRoleText.value);
  }
  return {
    ...acceptMutability(input),
    prefix: dropSlash(input.prefix),
    appliedFor: input.appliedFor,
    createdAt,
    encryptionType,
    ...(kmsKey && { kmsKey }),
    ...(description !== undefined && { description }),
    ...(resourceTags !== undefined && { resourceTags }),
    ...(repositoryPolicy !== undefined && { repositoryPolicy }),
    ...(lifecyclePolicy !== undefined && { lifecyclePolicy }),
    ...(customRoleArn !== undefined && { customRoleArn }),
  };
}

function describeTemplate(template: StoredTemplate): PrivateValueOf<'RepositoryCreationTemplate'> {
  const { encryptionType, kmsKey, createdAt, imageTagMutability, exclusionFilters, ...rest } = template;
  return {
    ...rest,
    ...describeMutability({ imageTagMutability, exclusionFilters }),
    encryptionConfiguration: { encryptionType, kmsKey },
    createdAt: toEpochSeconds(createdAt),
    updatedAt: toEpochSeconds(createdAt),
  };
}
