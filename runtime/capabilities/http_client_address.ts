/** Which addresses are everybody's: what is not may be this machine, its network, or the cloud that it runs in. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

const { IPv6 } = ipaddr;

/** All that is given out on the Internet so far; the rest has some meaning of its own. */
const GLOBAL_IPV6: [InstanceType<typeof IPv6>, number] = [IPv6.parse('2000::'), 3];
/** The network that stands for IPv4 behind a translator; the last four bytes are the address. */
const TRANSLATED: [InstanceType<typeof IPv6>, number] = [IPv6.parse('64:ff9b::'), 96];

/** Whether an IP address is a public one. Of forms that hold an IPv4 address, that one decides; old tunnels never are. */
export function isPublicAddress(text: string): boolean {
  if (isIP(text) === 0) return false;
  const address = ipaddr.parse(text);
  if (address.kind() === 'ipv4') return address.range() === 'unicast';
  const long = address as InstanceType<typeof IPv6>;
  if (long.isIPv4MappedAddress() || long.match(TRANSLATED)) {
    return ipaddr.fromByteArray(long.toByteArray().slice(12)).range() === 'unicast';
  }
  return long.range() === 'unicast' && long.match(GLOBAL_IPV6);
}

/** The address that a URL's host is, without brackets; undefined: it is a name. */
export function literalAddress({ hostname }: URL): string | undefined {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(bare) === 0 ? undefined : bare;
}
