//! Everything that introspection tells, member by member: what is told beyond it, somebody has to decide.

use serde_json::Value;

use super::{
    client_credentials::{service, token},
    fixture::*,
};

fn members(told: &Value) -> Vec<&str> {
    told.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn of_a_persons_token_these_members_are_told_and_no_other() {
    let world = world();
    for scope in ["openid", "openid profile email offline_access read:models"] {
        let tokens = world.tokens(&[("resource", MCP), ("scope", scope)]);
        let told = world.introspect(tokens.access_token.expose());
        let known = [
            "acr",
            "active",
            "amr",
            "aud",
            "auth_time",
            "client_id",
            "exp",
            "iat",
            "iss",
            "jti",
            "roles",
            "scope",
            "sub",
            "token_type",
            "username",
        ];
        assert_eq!(members(&told), known, "{told}");
        let told = world.introspect(&refresh_token(&tokens));
        let known = ["active", "client_id", "exp", "iat", "scope", "sub", "username"];
        assert_eq!(members(&told), known, "{told}");
    }
}

#[test]
fn of_a_token_in_the_clients_own_name_nothing_of_a_person_is_told() {
    let world = world();
    let service = service(&world, &["read:models"]);
    let told = world.introspect_as(&service, &token(&world, &service, "read:models"));
    let known =
        ["active", "aud", "client_id", "exp", "iat", "iss", "jti", "scope", "sub", "token_type"];
    assert_eq!(members(&told), known, "{told}");
}
