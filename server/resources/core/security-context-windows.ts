import { type FieldErrors, type FieldPath, invalid } from '../../../api/field-error.ts';
import { byteLength, isDNS1123Subdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { visitContainers } from './pod-containers.ts';
import type { PodSpec } from './pod-types.ts';

type WindowsOptions = Api<'io.k8s.api.core.v1.WindowsSecurityContextOptions'>;

const maxCredentialSpecBytes = 64 * 1024;
const maxDomainBytes = 256;
const maxUserBytes = 104;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controlCharacters = /[\x00-\x1f\x7f]/;
const netBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const dnsLabel = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const dnsDomain = new RegExp(`^${dnsLabel}(?:\\.${dnsLabel})*$`);
const userCharacters = /["/\\:;|=,+*?<>@[\]]/;
const dotsOrSpaces = /^[. ]+$/;

export function validateWindowsOptions(options: Readonly<WindowsOptions>, path: FieldPath, errors: FieldErrors): void {
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName } = options;
  if (name !== undefined) {
    for (const message of isDNS1123Subdomain(name))
      errors.push(invalid(path.child('gmsaCredentialSpecName'), name, message));
  }
  if (spec === '') {
    errors.push(invalid(path.child('gmsaCredentialSpec'), spec, 'gmsaCredentialSpec cannot be an empty string'));
  } else if (spec !== undefined && byteLength(spec) > maxCredentialSpecBytes) {
    errors.push(invalid(path.child('gmsaCredentialSpec'), spec, 'gmsaCredentialSpec size must be under 64 KiB'));
  }
  if (runAsUserName === undefined) return;
  for (const problem of userNameProblems(runAsUserName))
    errors.push(invalid(path.child('runAsUserName'), runAsUserName, problem));
}

function userNameProblems(name: string): string[] {
  const parts = name.split('\\');
  if (name === '') return ['runAsUserName cannot be an empty string'];
  if (controlCharacters.test(name)) return ['runAsUserName cannot contain control characters'];
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const [domain = '', user = ''] = parts.length === 1 ? ['', name] : parts;
  const problems: string[] = [];
  if (byteLength(domain) >= maxDomainBytes) {
    problems.push(`runAsUserName's Domain length must be under ${maxDomainBytes} characters`);
  }
  if (parts.length === 2 && !netBios.test(domain) && !dnsDomain.test(domain)) {
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === '') problems.push("runAsUserName's User cannot be empty");
  else if (byteLength(user) > maxUserBytes) {
    problems.push(`runAsUserName's User length must not be longer than ${maxUserBytes} characters`);
  }
  if (dotsOrSpaces.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces");
  if (userCharacters.test(user)) {
    problems.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]');
  }
  return problems;
}

/** All containers of a pod are HostProcess containers, or none is. */
export function validateHostProcess(spec: Readonly<PodSpec>, path: FieldPath, errors: FieldErrors): void {
  const podWide = spec.securityContext?.windowsOptions?.hostProcess;
  let containers = 0;
  let hostProcesses = 0;
  visitContainers(spec, path, (container, containerPath) => {
    containers++;
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (podWide !== undefined && own !== undefined && podWide !== own) {
      const detail = `pod hostProcess value must be identical if both are specified, was ${podWide}`;
      errors.push(invalid(containerPath().child('securityContext', 'windowsOptions', 'hostProcess'), own, detail));
    }
    if (own ?? podWide ?? false) hostProcesses++;
  });
  if (hostProcesses === 0) return;
  if (hostProcesses !== containers) {
    const detail = 'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    errors.push(invalid(path, '', detail));
  }
  if (spec.hostNetwork !== true) {
    const detail = 'hostNetwork must be true if pod contains any hostProcess containers';
    errors.push(invalid(path.child('hostNetwork'), false, detail));
  }
}
