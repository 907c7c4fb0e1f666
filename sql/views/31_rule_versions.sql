-- Grain: one version of the matching rules that was in force for some acquirer.
CREATE OR REPLACE VIEW rule_versions AS
SELECT version AS rules_version, definition FROM book.rule_sets;
COMMENT ON VIEW rule_versions IS 'One row per version of the matching rules: 1000 and above are those that recon.toml changed for an acquirer';
