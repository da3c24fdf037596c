// ExternalDNS with the one provider that tests need: its own sources, plan, registry and RFC 2136 provider, by its own
// flags. Its own program holds the clients of some forty DNS services beside that, which take long to compile and are not
// all to be had.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	log "github.com/sirupsen/logrus"
	"sigs.k8s.io/external-dns/endpoint"
	"sigs.k8s.io/external-dns/pkg/apis/externaldns"
	"sigs.k8s.io/external-dns/pkg/apis/externaldns/validation"
	"sigs.k8s.io/external-dns/plan"
	"sigs.k8s.io/external-dns/provider"
	"sigs.k8s.io/external-dns/provider/rfc2136"
	"sigs.k8s.io/external-dns/registry"
	"sigs.k8s.io/external-dns/registry/txt"
	"sigs.k8s.io/external-dns/source"
	"sigs.k8s.io/external-dns/source/annotations"
	"sigs.k8s.io/external-dns/source/wrappers"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, arguments []string) error {
	config := externaldns.NewConfig()
	if err := config.ParseFlags(arguments); err != nil {
		return err
	}
	if err := validation.ValidateConfig(config); err != nil {
		return err
	}
	if config.Provider != "rfc2136" || config.Registry != "txt" {
		return fmt.Errorf("provider %q with registry %q: only rfc2136 with txt is built in", config.Provider, config.Registry)
	}
	annotations.SetAnnotationPrefix(config.AnnotationPrefix)
	sync, err := newSync(ctx, config)
	if err != nil {
		return err
	}
	for {
		err := sync.once(ctx)
		if config.Once {
			return err
		}
		if err != nil {
			log.Error(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(config.Interval):
		}
	}
}

// What brings a zone to what the cluster wants.
type sync struct {
	config  *externaldns.Config
	source  source.Source
	records registry.Registry
	filter  *endpoint.DomainFilter
}

func newSync(ctx context.Context, config *externaldns.Config) (*sync, error) {
	filter := endpoint.NewDomainFilterWithOptions(
		endpoint.WithDomainFilter(config.DomainFilter), endpoint.WithDomainExclude(config.DomainExclude))
	sources, err := source.NewSourceConfig(config)
	if err != nil {
		return nil, err
	}
	wanted, err := wrappers.Build(ctx, sources)
	if err != nil {
		return nil, err
	}
	server, err := rfc2136.New(ctx, config, filter)
	if err != nil {
		return nil, err
	}
	records, err := txt.New(config, server)
	if err != nil {
		return nil, err
	}
	return &sync{config, wanted, records, filter}, nil
}

// Make one pass, as ExternalDNS' controller does.
func (s *sync) once(ctx context.Context) error {
	current, err := s.records.Records(ctx)
	if err != nil {
		return err
	}
	ctx = context.WithValue(ctx, provider.RecordsContextKey, current)
	desired, err := s.source.Endpoints(ctx)
	if err != nil {
		return err
	}
	if desired, err = s.records.AdjustEndpoints(desired); err != nil {
		return err
	}
	difference := (&plan.Plan{
		Policies:       []plan.Policy{plan.Policies[s.config.Policy]},
		Current:        current,
		Desired:        desired,
		DomainFilter:   endpoint.MatchAllDomainFilters{s.filter, s.records.GetDomainFilter()},
		ManagedRecords: s.config.ManagedDNSRecordTypes,
		ExcludeRecords: s.config.ExcludeDNSRecordTypes,
		OwnerID:        s.records.OwnerID(),
	}).Calculate()
	if !difference.Changes.HasChanges() {
		return nil
	}
	return s.records.ApplyChanges(ctx, difference.Changes)
}
