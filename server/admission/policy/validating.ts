import type { KubeObject } from '../../../api/object.ts';
import { StatusError, type StatusReason } from '../../../api/status.ts';
import type { ValidatingAdmissionPolicyBinding } from '../../resources/admissionregistration/policy-bindings.ts';
import type { ValidatingAdmissionPolicy } from '../../resources/admissionregistration/validating-policies.ts';
import { type AdmissionRequest, forbiddenByAdmission } from '../plugin.ts';
import type { VersionedPlace } from '../versions.ts';
import { meetsConditions } from './conditions.ts';
import { denied, isReason, messageOf } from './denial.ts';
import { type DispatchDeps, namespaceOf } from './deps.ts';
import { costBudget, evaluateAll, type Inputs, type Outcome, OutOfBudget } from './evaluate.ts';
import { type BoundBinding, type Compile, createHookSource, type Hook } from './hooks.ts';
import { authorizerOf, inputsOf, type SeenObjects } from './inputs.ts';
import { matchRequest } from './match.ts';
import { ConfigurationError, collectParams, paramSourceOf } from './params.ts';
import type { Runnable } from './programs.ts';

type Policy = ValidatingAdmissionPolicy;
type Binding = ValidatingAdmissionPolicyBinding;

interface Expressions {
  readonly validations: readonly Runnable[];
  readonly messages: readonly (Runnable | undefined)[];
  readonly annotations: readonly Runnable[];
}

type ValidatingHook = Hook<Policy, Binding, Expressions>;

interface Decision {
  readonly message: string;
  readonly reason?: string;
}

const maxMessage = 5 * 1024;

function compileRest({ spec = {} }: Readonly<Policy>, compile: Compile): Expressions {
  const { validations = [], auditAnnotations = [] } = spec;
  return {
    validations: validations.map(({ expression = '' }) => compile('validation', expression)),
    messages: validations.map(({ messageExpression = '' }) =>
      messageExpression === '' ? undefined : compile('message', messageExpression, { hasAuthorizer: false }),
    ),
    annotations: auditAnnotations.map(({ valueExpression = '' }) => compile('auditAnnotation', valueExpression)),
  };
}

/** The message of a validation that failed: what its expression says, else its own, else the expression. */
function messageOfFailure(validation: { message?: string; expression?: string }, said: Outcome | undefined): string {
  const text = said?.error === undefined && typeof said?.value === 'string' ? said.value.trim() : '';
  const isFit = text !== '' && Buffer.byteLength(text) <= maxMessage && !text.includes('\n');
  if (isFit) return text;
  return (validation.message ?? '').trim() || `failed expression: ${(validation.expression ?? '').trim()}`;
}

interface Verdict {
  /** Up to the binding's validationActions. */
  readonly decisions: readonly Decision[];
  /** Refuse whatever the actions are. */
  readonly problems: readonly Decision[];
}

/** What a policy says against the request with one set of parameters. */
async function evaluatePolicy(hook: ValidatingHook, inputs: Inputs): Promise<Verdict> {
  const { expressions, variables, ignoresFailures, policy } = hook;
  const failed = (message: string): readonly Decision[] => (ignoresFailures ? [] : [{ message }]);
  if (hook.conditions.length > 0) {
    const outcome = await meetsConditions(hook.conditions, inputs, hook);
    if (outcome === 'skip') return { decisions: [], problems: [] };
    if (outcome !== 'match') return { decisions: failed(outcome.error), problems: [] };
  }
  try {
    const evaluated = await evaluateAll(expressions.validations, inputs, { variables, budget: costBudget });
    const said = await evaluateMessages(hook, inputs, evaluated.remaining);
    const decisions = evaluated.outcomes.flatMap((outcome, i): readonly Decision[] => {
      if (outcome?.error !== undefined) return failed(outcome.error);
      if (said instanceof OutOfBudget) return failed(`failed messageExpression: ${said.message}`);
      if (outcome?.value === true) return [];
      const validation = policy.spec?.validations?.[i] ?? {};
      const message = messageOfFailure(validation, said[i]);
      return [{ message, ...(validation.reason === undefined ? {} : { reason: validation.reason }) }];
    });
    const annotated = await evaluateAll(expressions.annotations, inputs, { variables, budget: costBudget });
    const problems = annotated.outcomes.flatMap((outcome) =>
      outcome?.error === undefined ? [] : failed(outcome.error),
    );
    return { decisions, problems };
  } catch (error) {
    if (error instanceof OutOfBudget) return { decisions: failed(error.message), problems: [] };
    throw error;
  }
}

async function evaluateMessages(
  { expressions, variables }: ValidatingHook,
  inputs: Inputs,
  budget: number,
): Promise<readonly (Outcome | undefined)[] | OutOfBudget> {
  if (expressions.messages.every((message) => message === undefined)) return [];
  try {
    return (await evaluateAll(expressions.messages, inputs, { variables, budget, hasAuthorizer: false })).outcomes;
  } catch (error) {
    if (error instanceof OutOfBudget) return error;
    throw error;
  }
}

interface Denial extends Decision {
  readonly hook: ValidatingHook;
  readonly binding?: BoundBinding<Binding>;
}

/** One request on its way through all policies. */
interface Dispatch {
  readonly deps: DispatchDeps;
  readonly request: AdmissionRequest;
  readonly authorizer: ReturnType<typeof authorizerOf>;
  readonly denials: Denial[];
}

async function seenAt({ deps, request }: Dispatch, place: VersionedPlace): Promise<SeenObjects> {
  const { object, oldObject } = request;
  return {
    object: object && (await deps.versions.present(request, object, place)),
    oldObject: oldObject && (await deps.versions.present(request, oldObject, place)),
  };
}

function configurationDenial(hook: ValidatingHook, error: unknown, binding?: BoundBinding<Binding>): Denial[] {
  if (hook.ignoresFailures) return [];
  const what = binding === undefined ? 'policy' : 'binding';
  return [{ hook, message: `failed to configure ${what}: ${messageOf(error)}`, ...(binding && { binding }) }];
}

interface BindingParts {
  readonly place: VersionedPlace;
  readonly seen: SeenObjects;
  readonly params: readonly (Readonly<KubeObject> | undefined)[];
}

async function applyBinding(
  dispatch: Dispatch,
  hook: ValidatingHook,
  binding: BoundBinding<Binding>,
  { place, seen, params }: BindingParts,
): Promise<void> {
  const { request, deps, authorizer, denials } = dispatch;
  const namespace = namespaceOf(deps.reader, request);
  const actions = binding.object.spec?.validationActions ?? [];
  for (const each of params) {
    const inputs = inputsOf({ request, place, seen, namespace, params: each, authorizer });
    const { decisions, problems } = await evaluatePolicy(hook, inputs);
    for (const decision of decisions) {
      if (actions.includes('Deny')) denials.push({ ...decision, hook, binding });
      if (actions.includes('Warn')) request.warn?.(warningOf(hook, binding, decision));
    }
    denials.push(...problems.map((problem) => ({ ...problem, hook, binding })));
  }
}

function warningOf({ name }: ValidatingHook, binding: BoundBinding<Binding>, { message }: Decision): string {
  return `Validation failed for ValidatingAdmissionPolicy '${name}' with binding '${binding.name}': ${message}`;
}

async function applyPolicy(dispatch: Dispatch, hook: ValidatingHook): Promise<void> {
  const { deps, request, denials } = dispatch;
  let place: VersionedPlace | undefined;
  try {
    if (hook.match === undefined)
      throw new ConfigurationError('policy contained no match constraints, a required field');
    place = matchRequest(deps, hook.match, request);
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof StatusError)) throw error;
    denials.push(...configurationDenial(hook, error));
    return;
  }
  if (place === undefined) return;
  const { paramKind } = hook.policy.spec ?? {};
  let source: ReturnType<typeof paramSourceOf> | undefined;
  try {
    source = paramKind && paramSourceOf(deps.findParams, paramKind);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    denials.push(...configurationDenial(hook, error));
    return;
  }
  let seen: SeenObjects | undefined;
  for (const binding of hook.bindings) {
    try {
      if (binding.match !== undefined && matchRequest(deps, binding.match, request) === undefined) continue;
      const params = collectParams(source, binding.object.spec?.paramRef, request.namespace);
      if (params.length === 0) continue;
      seen ??= await seenAt(dispatch, place);
      await applyBinding(dispatch, hook, binding, { place, seen, params });
    } catch (error) {
      if (!(error instanceof ConfigurationError || error instanceof StatusError)) throw error;
      denials.push(...configurationDenial(hook, error, binding));
    }
  }
}

function refusal(request: AdmissionRequest, { hook, binding, message, reason = 'Invalid' }: Denial): StatusError {
  const by = binding === undefined ? '' : ` with binding '${binding.name}'`;
  const why = `ValidatingAdmissionPolicy '${hook.name}'${by} denied request: ${message}`;
  const code: StatusReason = isReason(reason) ? reason : 'Invalid';
  return denied(request, { message: forbiddenByAdmission(request, why).message, reason: code, causes: [why] });
}

/** Asks all policies that are in force. Upstream: admission/plugin/policy/validating. */
export function createValidation(deps: DispatchDeps): (request: AdmissionRequest) => Promise<void> {
  const hooks = createHookSource<Policy, Binding, Expressions>({ ...deps.validating, compileRest });
  return async (request) => {
    const authorizer = authorizerOf(deps.authorizer, request);
    const dispatch: Dispatch = { deps, request, authorizer, denials: [] };
    for (const hook of hooks()) await applyPolicy(dispatch, hook);
    const [first] = dispatch.denials;
    if (first !== undefined) throw refusal(request, first);
  };
}
