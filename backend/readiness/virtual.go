package readiness

import "strings"

// virtual says which virtual machine a computer is, by what its firmware calls the maker
// and the product (SMBIOS type 1). "" is none that is known.
func virtual(maker, product string) string {
	maker, product = strings.ToLower(maker), strings.ToLower(product)
	both := maker + "\n" + product
	for _, v := range []struct{ mark, kind string }{
		{"vmware", "vmware"}, {"virtualbox", "virtualbox"}, {"innotek", "virtualbox"}, {"parallels", "parallels"},
		{"bhyve", "bhyve"}, {"xen", "xen"}, {"kvm", "kvm"}, {"qemu", "qemu"}, {"bochs", "qemu"},
		{"openstack", "kvm"}, {"amazon ec2", "kvm"}, {"google compute engine", "kvm"}, {"virtualmac", "apple"},
	} {
		if strings.Contains(both, v.mark) {
			return v.kind
		}
	}
	if strings.Contains(maker, "microsoft") && product == "virtual machine" { // not "surface"
		return "hyper-v"
	}
	return ""
}
