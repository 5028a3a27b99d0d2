{% for line in comment %}
-- {{ line }}
{% endfor %}
create or replace view {{ view.relation }} as
{{ query }};
