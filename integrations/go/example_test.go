package mockserver

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"testing"
)

func frozen(t *testing.T) *Sandbox { return New(t, Fields{"clock": "2026-03-01 10:00:00"}) }

// callTop stands for your own client: one signed TOP call.
func callTop(t *testing.T, box *Sandbox, method string, params map[string]string) {
	t.Helper()
	all := map[string]string{
		"method": method, "app_key": box.AppKey, "session": box.Session, "format": "json",
		"v": "2.0", "sign_method": "md5", "timestamp": "2026-03-01 10:00:00",
	}
	for name, value := range params {
		all[name] = value
	}
	names := []string{}
	form := url.Values{}
	for name, value := range all {
		names = append(names, name)
		form.Set(name, value)
	}
	sort.Strings(names)
	text := box.AppSecret
	for _, name := range names {
		text += name + all[name]
	}
	form.Set("sign", strings.ToUpper(fmt.Sprintf("%x", md5.Sum([]byte(text+box.AppSecret)))))
	reply, err := http.PostForm(box.Gateway, form)
	if err != nil {
		t.Fatal(err)
	}
	reply.Body.Close()
}

func expect(t *testing.T, exchange Fields, status string) {
	t.Helper()
	if exchange["status"] != json.Number(status) {
		t.Fatalf("status %v instead of %s", exchange["status"], status)
	}
}

func TestSellerAgreesAndBuyerSendsBack(t *testing.T) {
	box := frozen(t)
	id := box.Open(nil)["dispute_id"].(string)
	callTop(t, box, "tmall.exchange.agree",
		map[string]string{"dispute_id": id, "address_id": "10000002", "fields": "dispute_id"})
	expect(t, box.Show(id), "2")
	box.Move(id, "buyer", "ship_back")
	expect(t, box.Show(id), "3")
}

func TestExchangeThatNobodyAnswersDoesNotStayOpen(t *testing.T) {
	box := frozen(t)
	id := box.Open(nil)["dispute_id"].(string)
	if fired := box.Advance("60d")["fired"].([]any); len(fired) == 0 {
		t.Fatal("nothing fired")
	}
	if box.Show(id)["status"] == json.Number("1") {
		t.Fatal("still open")
	}
}

func TestEachTestHasItsOwnWorldAndResetEmptiesIt(t *testing.T) {
	box := frozen(t)
	for _, round := range []string{"new", "reset"} {
		listed := Fields{}
		box.Control("GET", "/exchanges", nil, &listed)
		if listed["total"] != json.Number("0") {
			t.Fatalf("%s: %v exchanges", round, listed["total"])
		}
		box.Open(nil)
		box.Reset()
	}
}

func TestServiceWhoseKeysAreFixedUsesDefaultSandbox(t *testing.T) {
	if box := Use(t, "default"); box.ID != "default" {
		t.Fatal(box.ID)
	}
}

func TestControlAPISaysWhatIsWrong(t *testing.T) {
	box := frozen(t)
	err := box.ask("POST", "sandboxes/"+box.ID+"/exchanges", Fields{"status": 99}, nil)
	if err == nil || !strings.Contains(err.Error(), "400") || !strings.Contains(err.Error(), "status") {
		t.Fatal(err)
	}
}
