"""What a site collects: rules as data, tried before they apply, and the version of them that decided.

What no rule collects is not kept; its receipt names the rule.
"""
