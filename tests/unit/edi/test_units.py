from connector.edi.units import UNITS, known_units


def test_the_known_traps_of_element_355_are_avoided():
    assert UNITS["case"].x12 == "CA"
    assert UNITS["gram"].x12 == "GR"
    assert UNITS["tonne"].x12 == "MP"
    assert UNITS["set"].x12 == "ST"
    assert not {unit.x12 for unit in UNITS.values()} & {"CS", "MT", "GM", "M", "SET"}


def test_no_two_units_share_a_code():
    for codes in zip(*((unit.x12, unit.rec20) for unit in UNITS.values()), strict=True):
        assert len(codes) == len(set(codes))
    mosaic = [unit.mosaic for unit in UNITS.values() if unit.mosaic]
    assert len(mosaic) == len(set(mosaic))


def test_routing_may_use_every_value_of_the_table():
    assert known_units() == set(UNITS)
