import { toTime } from '../../../api/clock.ts';
import type { Api } from '../../../api/object.ts';
import type { ControllerContext } from '../../framework/controller.ts';
import { retryOnConflict } from '../../framework/retry-on-conflict.ts';
import { unlessMissing } from '../../framework/status-cause.ts';

type Definition = Api<'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition'>;
type Context = Pick<ControllerContext, 'client' | 'clock'>;
type Status = NonNullable<Definition['status']>;

const definitions = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' } as const;
const type = 'StorageMigrating';

async function change(
  { client }: Context,
  definitionName: string,
  statusOf: (definition: Readonly<Definition>) => Partial<Status>,
): Promise<void> {
  await retryOnConflict(async () => {
    const found = await unlessMissing(client.get<Definition>(definitions, '', definitionName));
    if (found === undefined) return;
    const status = { ...found.status, ...statusOf(found) } as Status;
    await client.update<Definition>(definitions, '', { ...found, status }, { subresource: 'status' });
  });
}

function conditions(
  { metadata, status }: Readonly<Definition>,
  { clock }: Context,
  condition: { readonly status: 'True' | 'False'; readonly reason: string; readonly message: string },
) {
  const others = (status?.conditions ?? []).filter((one) => one.type !== type);
  const observedGeneration = metadata?.generation ?? 0;
  return [...others, { type, ...condition, lastTransitionTime: toTime(clock.now()), observedGeneration }];
}

/** A definition of custom resources says that these are being migrated; built-in resources have none. */
export function definitionMigrating(context: Context, definitionName: string, migration: string): Promise<void> {
  const message = `Migration ${migration} is running`;
  return change(context, definitionName, (definition) => ({
    conditions: conditions(definition, context, { status: 'True', reason: 'MigrationRunning', message }),
  }));
}

/** Versions that nothing is stored in any more are forgotten, if the definition has not changed meanwhile. */
export function definitionMigrated(context: Context, definitionName: string, isSuccess: boolean): Promise<void> {
  return change(context, definitionName, (definition) => {
    const before = definition.status?.conditions?.find((one) => one.type === type);
    const isSame = before?.observedGeneration === definition.metadata?.generation;
    const end = isSame
      ? ' and the stored versions have been updated'
      : ' but the stored versions have not been updated due to a generation mismatch';
    const [reason, message] = isSuccess
      ? ['MigrationSucceeded', `The migration has succeeded${end}`]
      : ['MigrationFailed', 'The migration has failed'];
    const stored = definition.spec?.versions?.find(({ storage }) => storage)?.name;
    return {
      conditions: conditions(definition, context, { status: 'False', reason, message }),
      ...(isSame && isSuccess && stored !== undefined ? { storedVersions: [stored] } : {}),
    };
  });
}
