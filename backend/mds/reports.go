package mds

import "math"

// report reads one status report. One that cannot be read at all takes its entry with
// it: it could have been the one that says REVOKED.
func (r *reader) report() {
	r.item()
	var report Report
	var batch, certificate []byte
	unclear := func(ok bool, why string) {
		if !ok {
			report.Unclear = true
			r.note(why)
		}
	}
	isObject := r.object(func(name []byte) {
		if r.null() {
			return
		}
		var ok bool
		switch string(name) {
		case "status":
			report.Status = r.word()
		case "effectiveDate":
			report.Effective, ok = r.date()
			unclear(ok, "date")
		case "sunsetDate":
			report.Sunset, ok = r.date()
			unclear(ok, "date")
		case "authenticatorVersion":
			n, ok := r.number()
			unclear(ok && n >= 0 && n <= math.MaxUint32, "version")
			report.Version = uint32(n)
		case "fipsRevision":
			n, ok := r.number()
			unclear(ok && n >= 0 && n <= math.MaxInt16, "version")
			report.FIPS = int(n)
		case "batchCertificate":
			batch = r.certificate()
			unclear(batch != nil, "certificate")
		case "certificate":
			certificate = r.certificate()
			unclear(certificate != nil, "certificate")
		case "url":
			report.URL, _ = r.text(maxText)
		case "certificateNumber":
			report.Number, _ = r.text(maxWord)
		case "certificationDescriptor":
			report.Descriptor, _ = r.text(maxText)
		case "certificationPolicyVersion":
			report.Policy = r.word()
		case "certificationRequirementsVersion":
			report.Requirements = r.word()
		default:
			r.skip()
		}
	})
	if !isObject || report.Status == "" {
		r.leaveOut("report")
		return
	}
	if report.Batch = batch; batch == nil {
		report.Batch = certificate
	}
	r.model.Reports = append(r.model.Reports, report)
}

// warns reports that a status speaks against a model.
func warns(status string) bool {
	switch status {
	case statusRevoked, statusRetired, statusBypass, statusAttKey, statusRemote, statusPhysical:
		return true
	}
	return false
}
