/** The command that lets people use a security key on Linux: a rule for udev, which gives the key to whoever sits there. */
import type { FailureDTO } from '../api/contract'

/** Empty where the failure is about something else, or does not say which key it is. */
export function ruleCommand(f: FailureDTO): string {
  const vendor = id(f, 'vendor')
  const product = id(f, 'product')
  if (f.code !== 'key-permission' || !vendor) return ''
  // Makers of parts share their number with many: the product keeps the rule to this key.
  const which = `ATTRS{idVendor}=="${vendor}"${product && `, ATTRS{idProduct}=="${product}"`}`
  const rule = `KERNEL=="hidraw*", SUBSYSTEM=="hidraw", ${which}, TAG+="uaccess"`
  return `echo '${rule}' | sudo tee /etc/udev/rules.d/70-keyferry-${vendor}${product}.rules && sudo udevadm control --reload && sudo udevadm trigger`
}

const id = (f: FailureDTO, name: string): string => /^[0-9a-f]{4}$/i.exec(f.params[name] ?? '')?.[0].toLowerCase() ?? ''
