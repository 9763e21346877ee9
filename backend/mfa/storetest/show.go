package storetest

import (
	"fmt"
	"reflect"
	"time"
)

// show prints a row so that two that a store cannot tell apart look the same:
// times as the instants that are kept, what pointers point to, and no secrets.
func show(v any) string { return fmt.Sprintf("%+v", plain(reflect.ValueOf(v))) }

type member struct {
	name  string
	value any
}

func plain(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	if t, ok := v.Interface().(time.Time); ok {
		return whole(t)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return fmt.Sprintf("%x", v.Bytes())
		}
		all := make([]any, v.Len())
		for i := range all {
			all[i] = plain(v.Index(i))
		}
		return all
	case reflect.Struct:
		var all []member
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				all = append(all, member{v.Type().Field(i).Name, plain(v.Field(i))})
			}
		}
		return all
	}
	return v.Interface()
}
