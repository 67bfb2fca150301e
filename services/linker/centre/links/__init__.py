"""Links at the centre as people see and make them; what the rules decide is in ``linking``."""
