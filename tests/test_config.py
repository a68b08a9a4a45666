"""Settings: what wins over what, and the sentence when one cannot be read."""

from __future__ import annotations

import os

import platformdirs
import pytest

from kmstui.bootstrap import composed_app
from kmstui.config import Settings, config_path, load_settings, with_set
from kmstui.config_values import ConfigError
from kmstui.model import Posture
from kmstui.policy.lint import load_own_rules


def write(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return {"KMSTUI_CONFIG": str(path)}


def test_flags_win_over_environment_over_file_over_defaults(tmp_path):
    environ = write(tmp_path, 'region = "eu-west-1"\nprofile = "file"\ntheme = "file"\n')
    environ |= {"KMSTUI_PROFILE": "variable", "KMSTUI_REGION": "us-east-1"}
    settings = load_settings({"region": "eu-north-1", "profile": None}, environ)
    assert settings.region == "eu-north-1"
    assert settings.profile == "variable"
    assert settings.theme == "file"
    assert settings.endpoint_url == Settings().endpoint_url


@pytest.mark.parametrize("base", ["/elsewhere/config", "not/absolute", ""])
def test_the_file_stands_where_platformdirs_would_put_it(monkeypatch, base):
    monkeypatch.setenv("XDG_CONFIG_HOME", base)
    assert config_path({"XDG_CONFIG_HOME": base}) == (
        platformdirs.user_config_path("kmstui") / "config.toml"
    )


def test_names_may_be_written_with_hyphens_and_lists_as_words(tmp_path):
    environ = write(tmp_path, 'endpoint-url = "http://127.0.0.1:1"\nread-only = true\n')
    settings = load_settings({}, environ | {"KMSTUI_DISABLE": "KMS102, KMS208"})
    assert settings.endpoint_url == "http://127.0.0.1:1"
    assert settings.read_only
    assert settings.disable == ("KMS102", "KMS208")


def test_commands_get_other_keys_and_what_cannot_be_is_refused_at_the_start(tmp_path):
    text = '[keys]\n"policy.edit" = ["F4", "e"]\n"tags.put" = "T,"\n'
    keys = load_settings({}, write(tmp_path, text)).keys
    assert keys == (("policy.edit", ("F4", "e")), ("tags.put", ("T,",)))
    with pytest.raises(ConfigError, match="must be a table of commands"):
        load_settings({}, write(tmp_path, "keys = 3\n"))
    settings = Settings(keys=keys, state_directory=str(tmp_path))
    with (
        pytest.raises(ConfigError, match=r"\[keys\] in .*config.toml: 'T,' is no key"),
        composed_app(settings),
    ):
        pass


def test_rules_can_be_off_for_one_key(tmp_path):
    environ = write(tmp_path, '[disable_by_key]\n"1234" = ["KMS507"]\n')
    assert load_settings({}, environ).disable_by_key == (("1234", ("KMS507",)),)


def test_thresholds_of_a_persons_own_for_keys_themselves(tmp_path):
    text = (
        'disable = ["key07"]\n[posture]\nunused-days = 180\nrequired_tags = ["owner", "env"]\n'
        'own_accounts = "111122223333"\n[posture.severity]\nKEY01 = "error"\n'
    )
    settings = load_settings({}, write(tmp_path, text))
    assert settings.posture == Posture(
        unused_days=180, required_tags=("owner", "env"), own_accounts=("111122223333",),
        severity=(("KEY01", "error"),),
    )  # fmt: skip
    assert settings.disable == ("KEY07",)
    with pytest.raises(ConfigError, match="KMSTUI_POSTURE is set, but posture is a table"):
        load_settings({}, {"KMSTUI_POSTURE": "x"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("region = ", "is not valid TOML"),
        (
            "regoin = 'x'",
            "unknown setting 'regoin'; did you mean region? Known ones are accounts, ascii,",
        ),
        ("zzz = 'x'", "unknown setting 'zzz'; known ones are accounts, ascii,"),
        ("read_only = 3", "must be true or false, not 3"),
        ("region = 3", "must be text, not 3"),
        ("columns = 3", "must be a list of words, not 3"),
        ("remember = ['sorts']", "names 'sorts', which cannot be remembered; what can be is sort,"),
        ("disable_by_key = 3", "must be a table of key IDs, not 3"),
        ("disable = ['KMS50l']", "There is no rule 'KMS50l'; did you mean KMS50"),
        ("[disable_by_key]\n1234 = ['KMS999']", "There is no rule 'KMS999'"),
        ("posture = 3", "must be a table of thresholds, not 3"),
        ("[posture]\nunused = 90", "'unused' of 'posture' in"),
        ("[posture]\nunused_days = '90d'", "must be whole days, 0 to 3,650, not '90d'"),
        ("[posture]\nunused_days = true", "must be whole days, 0 to 3,650, not True"),
        ("[posture]\nrequired_tags = 3", "must be a list of words, not 3"),
        ("[posture.severity]\nKEY99 = 'info'", "names 'KEY99'; rules about keys are KEY01,"),
        ("[posture.severity]\nKEY01 = 'high'", "must be one of error, warning, info, not 'high'"),
    ],
)
def test_a_bad_file_is_a_sentence_that_names_it(tmp_path, text, said):
    environ = write(tmp_path, text)
    with pytest.raises(ConfigError, match="config.toml") as caught:
        load_settings({}, environ)
    assert said in str(caught.value)


def test_a_bad_variable_is_named():
    with pytest.raises(ConfigError, match="KMSTUI_READ_ONLY must be true or false, not 'maybe'"):
        load_settings({}, {"KMSTUI_READ_ONLY": "maybe", "HOME": "/nonexistent"})


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("KMSTUI_REGOIN", "KMSTUI_REGION"),
        ("KMSTUI_READ_ONL", "KMSTUI_READ_ONLY"),
        ("KMSTUI_READONLY", "KMSTUI_READ_ONLY"),
        ("KMSTUI_CONFG", "KMSTUI_CONFIG"),
    ],
)
def test_nobody_believes_in_a_variable_that_is_misspelt(variable, meant):
    """Such as to be read-only."""
    with pytest.raises(ConfigError) as caught:
        load_settings({}, {variable: "1", "HOME": "/nonexistent"})
    assert f"unknown variable {variable}; did you mean {meant}? Known ones" in str(caught.value)


def test_a_variable_that_resembles_none_lists_all_and_keeps_its_value_to_itself():
    with pytest.raises(ConfigError) as caught:
        load_settings({}, {"KMSTUI_XYZ": "secret", "HOME": "/nonexistent"})
    assert "unknown variable KMSTUI_XYZ; known ones are KMSTUI_ACCOUNTS, KMSTUI_ASCII, " in str(
        caught.value
    )
    assert "secret" not in str(caught.value)


def test_a_table_is_not_expected_in_a_variable():
    with pytest.raises(ConfigError, match="can stand in the config file alone"):
        load_settings({}, {"KMSTUI_DISABLE_BY_KEY": "x", "HOME": "/nonexistent"})


def test_a_rule_is_off_in_whatever_case_it_is_written(tmp_path):
    environ = write(tmp_path, 'disable = ["kms208"]\n[disable_by_key]\n1234 = ["kms507"]\n')
    settings = load_settings({}, environ)
    assert settings.disable == ("KMS208",)
    assert settings.disable_by_key == (("1234", ("KMS507",)),)


def test_a_rule_that_does_not_exist_is_told_where_it_is_turned_off():
    with pytest.raises(ConfigError, match="KMSTUI_DISABLE: There is no rule 'KMS999'"):
        load_settings({}, {"KMSTUI_DISABLE": "KMS999", "HOME": "/nonexistent"})


@pytest.mark.parametrize("text", ["x = " + "[" * 5000, "x = " + "{a=" * 5000, "[a" + ".a" * 50_000])
def test_a_file_nested_too_deeply_is_a_sentence(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"config\.toml"):
        load_settings({}, {"KMSTUI_CONFIG": str(path)})


def test_a_pipe_is_not_waited_for(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(ConfigError, match="pipe is a pipe; it must be a file"):
        load_settings({}, {"KMSTUI_CONFIG": str(path)})


def test_a_device_without_an_end_is_not_read_to_it():
    with pytest.raises(ConfigError, match="/dev/zero has more than 1,048,576 bytes"):
        load_settings({}, {"KMSTUI_CONFIG": "/dev/zero"})
    assert load_settings({}, {"KMSTUI_CONFIG": "/dev/null"}) == Settings()


def test_bytes_that_are_no_text_are_a_sentence(tmp_path):
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_settings({}, {"KMSTUI_CONFIG": str(path)})


def test_a_directory_in_its_place_is_a_sentence(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings({}, {"KMSTUI_CONFIG": str(tmp_path)})


def test_a_file_that_was_named_must_be_there(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        load_settings({}, {"KMSTUI_CONFIG": str(tmp_path / "none.toml")})


def test_an_empty_variable_names_no_file(tmp_path):
    assert load_settings({}, {"KMSTUI_CONFIG": "", "XDG_CONFIG_HOME": str(tmp_path)}) == Settings()


def test_the_home_of_nobody_is_a_sentence():
    with pytest.raises(ConfigError, match="KMSTUI_CONFIG names ~nobody-here/x"):
        load_settings({}, {"KMSTUI_CONFIG": "~nobody-here/x"})
    settings = load_settings({}, {"KMSTUI_STATE_DIRECTORY": "~nobody-here/x", "HOME": "/none"})
    with pytest.raises(ConfigError, match="state_directory names ~nobody-here/x"):
        assert settings.state_path


def test_an_account_without_a_home_has_no_file(tmp_path):
    """Of services: their home is /dev/null, say, and they have no config file there."""
    base = tmp_path / "null"
    base.touch()
    assert load_settings({}, {"XDG_CONFIG_HOME": str(base)}) == Settings()


def test_a_user_whom_the_system_does_not_know_has_no_file(monkeypatch):
    """As in containers: no HOME, and a user ID without an entry among the users."""
    monkeypatch.setattr("pwd.getpwuid", lambda number: {}[number])
    monkeypatch.delenv("HOME")
    assert load_settings({}, {}) == Settings()


RULE = """
from kmstui.policy.lint import Severity, own_rule

@own_rule("ACME001", Severity.INFO, "Nothing")
def nothing(subject):
    pass
"""


@pytest.fixture
def own_rules(tmp_path):
    """Writes a file of rules and a config that names it; in the end none is loaded."""

    def write_both(text=RULE, config='disable = ["acme001"]\nown-rules = ["rules.py"]\n'):
        (tmp_path / "rules.py").write_text(text)
        environ = write(tmp_path, config)
        for path in tmp_path.iterdir():
            path.chmod(0o600)
        return environ

    yield write_both
    load_own_rules([], tmp_path)


def test_own_rules_are_loaded_from_beside_the_file_before_what_names_them(own_rules):
    settings = load_settings({}, own_rules())
    assert settings.own_rules == ("rules.py",)
    assert settings.disable == ("ACME001",)


def test_own_rules_with_a_fault_are_a_sentence(own_rules):
    with pytest.raises(ConfigError, match="config.toml names are not loaded: .*ZeroDivisionError"):
        load_settings({}, own_rules("1 / 0"))


def test_code_is_run_only_where_a_persons_own_file_names_it(own_rules, tmp_path):
    environ = own_rules("raise AssertionError('it was run')")
    (tmp_path / "config.toml").chmod(0o622)
    with pytest.raises(ConfigError, match="others may write .*config.toml"):
        load_settings({}, environ)
    with pytest.raises(ConfigError, match="own_rules is code that is run: it can stand in"):
        load_settings({}, {"KMSTUI_OWN_RULES": str(tmp_path / "rules.py"), "HOME": "/nonexistent"})


def test_a_file_that_others_may_write_is_read_where_it_names_no_code(own_rules, tmp_path):
    environ = own_rules(config='region = "eu-west-1"\n')
    (tmp_path / "config.toml").chmod(0o666)
    assert load_settings({}, environ).region == "eu-west-1"


@pytest.mark.parametrize("value", ["", "0", "false", "off"])
def test_no_variable_takes_back_that_nothing_may_be_changed(tmp_path, value):
    environ = write(tmp_path, "read_only = true\n") | {"KMSTUI_READ_ONLY": value}
    assert load_settings({}, environ).read_only


@pytest.mark.parametrize(
    "variable",
    ["PROFILE", "REGION", "ENDPOINT_URL", "READ_ONLY", "THEME", "MOUSE", "ASCII", "COLUMNS",
     "DISABLE", "STATE_DIRECTORY"],
)  # fmt: skip
def test_an_empty_variable_is_none_and_leaves_what_the_file_says(tmp_path, variable):
    text = (
        'region = "eu-west-1"\nprofile = "p"\nendpoint_url = "http://x"\nread_only = true\n'
        'theme = "t"\nmouse = true\nascii = true\ncolumns = ["id"]\ndisable = ["KMS208"]\n'
        f'state_directory = "{tmp_path}"\n'
    )
    environ = write(tmp_path, text)
    assert load_settings({}, environ | {f"KMSTUI_{variable}": ""}) == load_settings({}, environ)


def test_a_variable_can_still_forbid_changes(tmp_path):
    environ = write(tmp_path, "read_only = false\n") | {"KMSTUI_READ_ONLY": "1"}
    assert load_settings({}, environ).read_only


def test_an_empty_text_says_neither_yes_nor_no(tmp_path):
    with pytest.raises(ConfigError, match="must be true or false, not ''"):
        load_settings({}, write(tmp_path, 'read_only = ""\n'))


def test_what_is_remembered_can_be_chosen_and_turned_off(tmp_path):
    assert "connection" not in Settings().remember
    assert load_settings({}, {"KMSTUI_REMEMBER": "nothing"}).remember == ()
    environ = write(tmp_path, 'remember = ["sort", "connection"]\n')
    assert load_settings({}, environ).remember == ("sort", "connection")


def test_a_set_of_the_file_names_profiles_regions_and_the_role_of_accounts(tmp_path):
    text = """
        [sets.prod]
        profiles = ["one", "two"]
        regions = "eu-west-1,us-east-1"
        [sets.audit]
        profile = "audit"
        role = "arn:aws:iam::{account}:role/KmsAudit"
        accounts = ["111122223333", "444455556666"]
    """
    environ = write(tmp_path, text)
    settings = with_set(load_settings({"set": "prod"}, environ))
    assert (settings.profile, settings.region) == ("one,two", "eu-west-1,us-east-1")
    settings = with_set(load_settings({"set": "audit"}, environ))
    assert settings.accounts == "111122223333,444455556666"
    with pytest.raises(ConfigError, match="no set 'prd': known ones are audit, prod"):
        with_set(load_settings({"set": "prd"}, environ))
