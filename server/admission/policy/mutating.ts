import type { Value } from '../../../api/cel/runtime/values.ts';
import { semanticEqual } from '../../../api/equal.ts';
import { goQuote } from '../../../api/go-text.ts';
import { apiVersionOf, type KubeObject } from '../../../api/object.ts';
import { internalErrorStatus, StatusError } from '../../../api/status.ts';
import type { MutatingAdmissionPolicy } from '../../resources/admissionregistration/mutating-policies.ts';
import type { MutatingAdmissionPolicyBinding } from '../../resources/admissionregistration/policy-bindings.ts';
import { type AdmissionRequest, forbiddenByAdmission, replaceObject } from '../plugin.ts';
import { reinvocationMemory } from '../reinvocation-memory.ts';
import { placeOf, type VersionedPlace } from '../versions.ts';
import { meetsConditions } from './conditions.ts';
import { messageOf } from './denial.ts';
import { type DispatchDeps, namespaceOf } from './deps.ts';
import { costBudget, evaluateAll, type Inputs, OutOfBudget } from './evaluate.ts';
import { type BoundBinding, type Compile, createHookSource, type Hook } from './hooks.ts';
import { authorizerOf, inputsOf, type SeenObjects } from './inputs.ts';
import { NoJson } from './json-value.ts';
import { matchRequest } from './match.ts';
import { ConfigurationError, collectParams, paramSourceOf } from './params.ts';
import { applyConfiguration, applyOperations, MutationError } from './patches.ts';
import type { Runnable } from './programs.ts';

type Policy = MutatingAdmissionPolicy;
type Binding = MutatingAdmissionPolicyBinding;

interface Mutation {
  readonly isJsonPatch: boolean;
  readonly runnable: Runnable;
}

type MutatingHook = Hook<Policy, Binding, readonly Mutation[]>;

const pluginName = 'MutatingAdmissionPolicy';

function compileRest({ spec = {} }: Readonly<Policy>, compile: Compile): readonly Mutation[] {
  return (spec.mutations ?? []).flatMap(({ patchType, jsonPatch, applyConfiguration: applied }): Mutation[] => {
    const isJsonPatch = patchType === 'JSONPatch';
    const expression = isJsonPatch ? jsonPatch?.expression : applied?.expression;
    if (expression === undefined) return [];
    return [{ isJsonPatch, runnable: compile(isJsonPatch ? 'jsonPatch' : 'applyConfiguration', expression) }];
  });
}

/** A policy that is to change the object with one set of parameters. */
interface Invocation {
  readonly hook: MutatingHook;
  readonly binding: BoundBinding<Binding>;
  readonly place: VersionedPlace;
  readonly params: Readonly<KubeObject> | undefined;
}

interface Failure {
  readonly hook: MutatingHook;
  readonly binding?: BoundBinding<Binding>;
  readonly message: string;
  /** Not of how the policy is configured, but of what it did. */
  readonly isInvalid: boolean;
}

interface Dispatch {
  readonly deps: DispatchDeps;
  readonly request: AdmissionRequest;
  readonly authorizer: ReturnType<typeof authorizerOf>;
  readonly failures: Failure[];
}

/** Remembers what goes wrong with a policy or a binding, and goes on. */
function attempt<T>(
  { failures }: Dispatch,
  hook: MutatingHook,
  binding: BoundBinding<Binding> | undefined,
  run: () => T,
): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof StatusError)) throw error;
    const message = `failed to configure ${binding === undefined ? 'policy' : 'binding'}: ${messageOf(error)}`;
    failures.push({ hook, message, isInvalid: false, ...(binding && { binding }) });
    return undefined;
  }
}

/** Who is to change the object, found out before anybody does. */
function invocationsOf(dispatch: Dispatch, hooks: readonly MutatingHook[]): Invocation[] {
  const { deps, request } = dispatch;
  return hooks.flatMap((hook) => {
    const place = attempt(dispatch, hook, undefined, () => hook.match && matchRequest(deps, hook.match, request));
    if (place === undefined) return [];
    const { paramKind } = hook.policy.spec ?? {};
    const source = paramKind && attempt(dispatch, hook, undefined, () => paramSourceOf(deps.findParams, paramKind));
    if (paramKind !== undefined && source === undefined) return [];
    return hook.bindings.flatMap((binding) => {
      const params = attempt(dispatch, hook, binding, () =>
        binding.match === undefined || matchRequest(deps, binding.match, request) !== undefined
          ? collectParams(source, binding.object.spec?.paramRef, request.namespace)
          : [],
      );
      return (params ?? []).map((each): Invocation => ({ hook, binding, place, params: each }));
    });
  });
}

async function seenAt({ deps, request }: Dispatch, place: VersionedPlace): Promise<SeenObjects> {
  const { object, oldObject } = request;
  return {
    object: object && (await deps.versions.present(request, object, place)),
    oldObject: oldObject && (await deps.versions.present(request, oldObject, place)),
  };
}

async function inputsFor(dispatch: Dispatch, { place, params }: Invocation): Promise<Inputs & { object: unknown }> {
  const { request, authorizer, deps } = dispatch;
  const namespace = namespaceOf(deps.reader, request);
  return inputsOf({ request, place, seen: await seenAt(dispatch, place), namespace, params, authorizer });
}

/** What the expression makes. Throws MutationError. */
async function evaluateMutation({ hook }: Invocation, { runnable }: Mutation, inputs: Inputs): Promise<Value> {
  if (runnable.program === undefined) throw new MutationError(runnable.error ?? '');
  try {
    const { outcomes } = await evaluateAll([runnable], inputs, { variables: hook.variables, budget: costBudget });
    const [outcome] = outcomes;
    if (outcome === undefined || outcome.error !== undefined) throw new MutationError(outcome?.error ?? '');
    return outcome.value;
  } catch (error) {
    throw error instanceof OutOfBudget ? new MutationError(error.message) : error;
  }
}

/** Upstream takes what was made in a built-in's other version for one of the request's own, and fails. */
function checkVersion({ deps, request }: Dispatch, place: VersionedPlace): void {
  const own = placeOf(request).kind;
  const { kind } = place;
  if (own.version === kind.version || deps.isCustom(place)) return;
  throw new MutationError(
    `converting (${kind.version}.${kind.kind}) to (${own.version}.${own.kind}): unknown conversion`,
  );
}

async function accepted(dispatch: Dispatch, { place }: Invocation, value: KubeObject): Promise<KubeObject> {
  try {
    return await dispatch.deps.versions.accept(dispatch.request, structuredClone(value), place);
  } catch (error) {
    throw error instanceof StatusError ? error : internalErrorStatus(messageOf(error), error);
  }
}

/** True when the object is another one now. */
async function mutateOnce(dispatch: Dispatch, invocation: Invocation, mutation: Mutation): Promise<boolean> {
  const { deps, request } = dispatch;
  if (request.object === undefined) return false;
  const { place } = invocation;
  const inputs = await inputsFor(dispatch, invocation);
  const type = deps.typeAt(place);
  if (type === undefined) {
    const { kind } = place;
    throw new StatusError(
      'ServiceUnavailable',
      `Resource kind ${apiVersionOf(kind)}, Kind=${kind.kind} not found. There can be a delay between when CustomResourceDefinitions are created and when they are available.`,
    );
  }
  const value = await evaluateMutation(invocation, mutation, inputs);
  const object = inputs.object as KubeObject;
  const patched = mutation.isJsonPatch ? applyOperations(object, value) : applyConfiguration(object, value, type);
  checkVersion(dispatch, place);
  const next = await accepted(dispatch, invocation, patched);
  if (semanticEqual(next, request.object)) return false;
  replaceObject(request.object, next);
  return true;
}

interface Invoked {
  /** The object is another one now. */
  readonly changed: boolean;
  /** A mutation ran, whatever it did. */
  readonly ran: boolean;
}

async function invoke(dispatch: Dispatch, invocation: Invocation): Promise<Invoked> {
  const { hook, binding } = invocation;
  const fail = (message: string): void => void dispatch.failures.push({ hook, binding, message, isInvalid: true });
  let changed = false;
  let ran = false;
  for (const mutation of hook.expressions) {
    try {
      changed = (await mutateOnce(dispatch, invocation, mutation)) || changed;
      ran = true;
    } catch (error) {
      if (!(error instanceof MutationError || error instanceof NoJson)) throw error;
      fail(error.message);
    }
  }
  return { changed, ran };
}

async function meets(dispatch: Dispatch, invocation: Invocation): Promise<boolean> {
  const { hook, binding } = invocation;
  if (hook.conditions.length === 0) return true;
  const outcome = await meetsConditions(hook.conditions, await inputsFor(dispatch, invocation), hook);
  if (typeof outcome === 'object') dispatch.failures.push({ hook, binding, message: outcome.error, isInvalid: true });
  return outcome === 'match';
}

function keyOf({ hook, binding, params }: Invocation): string {
  return [hook.name, binding.name, params?.metadata?.namespace ?? '', params?.metadata?.name ?? ''].join('/');
}

function refusal(request: AdmissionRequest, failures: readonly Failure[]): StatusError {
  const texts = failures.map(({ hook, binding, message }) =>
    binding === undefined
      ? `policy ${goQuote(hook.name)} denied request: ${message}`
      : `policy '${hook.name}' with binding '${binding.name}' denied request: ${message}`,
  );
  const { details } = forbiddenByAdmission(request, '');
  const causes = texts.map((message) => ({ message }));
  return new StatusError(failures[0]?.isInvalid === true ? 'Invalid' : 'Forbidden', texts[0] ?? '', {
    code: 403,
    details: { ...details, causes },
  });
}

/** Lets all policies that are in force change the object, one after the other. Upstream: admission/plugin/policy/mutating. */
export function createMutation(deps: DispatchDeps): (request: AdmissionRequest) => Promise<void> {
  const hooks = createHookSource<Policy, Binding, readonly Mutation[]>({ ...deps.mutating, compileRest });
  return async (request) => {
    const dispatch: Dispatch = { deps, request, authorizer: authorizerOf(deps.authorizer, request), failures: [] };
    const invocations = invocationsOf(dispatch, hooks());
    if (invocations.length > 0) {
      const memory = reinvocationMemory(pluginName, request);
      let hasRun = false;
      for (const invocation of invocations) {
        const key = keyOf(invocation);
        if (!(await meets(dispatch, invocation)) || !memory.isDue(key)) continue;
        const { changed, ran } = await invoke(dispatch, invocation);
        if (changed) memory.changed();
        hasRun ||= ran && request.object !== undefined;
        if (invocation.hook.policy.spec?.reinvocationPolicy === 'IfNeeded') memory.mayReturn(key);
      }
      // Upstream asks for a second round of all that ran, the last included.
      if (hasRun) memory.changed();
      memory.settle(request.object);
    }
    const failures = dispatch.failures.filter(({ hook }) => !hook.ignoresFailures);
    if (failures.length > 0) throw refusal(request, failures);
  };
}
