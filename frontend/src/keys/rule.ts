/** The command that lets people use a security key on Linux: a rule for udev, which gives the key to whoever sits there. */
import type { FailureDTO } from '../api/contract'

/** Empty where the failure is about something else, or does not say which key it is. */
export function ruleCommand(f: FailureDTO): string {
  const vendor = f.params['vendor'] ?? ''
  if (f.code !== 'key-permission' || !/^[0-9a-f]{4}$/i.test(vendor)) return ''
  const id = vendor.toLowerCase()
  const rule = `KERNEL=="hidraw*", SUBSYSTEM=="hidraw", ATTRS{idVendor}=="${id}", TAG+="uaccess"`
  return `echo '${rule}' | sudo tee /etc/udev/rules.d/70-keyferry-${id}.rules && sudo udevadm control --reload && sudo udevadm trigger`
}
